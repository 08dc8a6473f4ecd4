import type { DialFailure, DialFailureReason } from '@bigbrotr/models';

/**
 * Makes a finding of a wire error by its code, never by its text. `fallback` is the reason for an error whose code says
 * nothing; without a fallback such an error is a bug of ours and gives undefined.
 */
export function classifyFailure(error: unknown, fallback: DialFailureReason): DialFailure;
export function classifyFailure(error: unknown, fallback?: DialFailureReason): DialFailure | undefined;
export function classifyFailure(error: unknown, fallback?: DialFailureReason): DialFailure | undefined {
  const code = codeOf(error);
  const reason = (code === undefined ? undefined : reasonOf(code)) ?? fallback;
  if (reason === undefined) return undefined;
  return code === undefined ? { reason } : { reason, code };
}

/** The code that Node gave to an error. */
export function codeOf(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

function reasonOf(code: string): DialFailureReason | undefined {
  return BY_CODE[code] ?? BY_PATTERN.find(([pattern]) => pattern.test(code))?.[1];
}

const BY_CODE: Readonly<Partial<Record<string, DialFailureReason>>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  EPIPE: 'reset',
  ERR_STREAM_PREMATURE_CLOSE: 'reset',
  ETIMEDOUT: 'timeout',
  EPROTO: 'tls',
  // Ours, not the relay's: out of descriptors, ports or memory.
  EMFILE: 'blocked',
  ENFILE: 'blocked',
  ENOBUFS: 'blocked',
  ENOMEM: 'blocked',
  EADDRINUSE: 'blocked',
  // The answers of the resolver.
  ENOTFOUND: 'dns',
  ENODATA: 'dns',
  ESERVFAIL: 'dns',
  EFORMERR: 'dns',
  ENOTIMP: 'dns',
  EREFUSED: 'dns',
  EBADNAME: 'dns',
  EBADRESP: 'dns',
  ETIMEOUT: 'dns',
};

const BY_PATTERN: readonly (readonly [RegExp, DialFailureReason])[] = [
  [/^EAI_/, 'dns'],
  [/^ERR_(?:TLS|SSL|OSSL)_/, 'tls'],
  [/^(?:HPE|WS_ERR|ERR_HTTP)_/, 'protocol'],
  // What else the kernel says about a route: ENETUNREACH, EHOSTUNREACH, ENETDOWN, EADDRNOTAVAIL, EACCES, EPERM …
  [/^E(?!RR_)[A-Z0-9]+$/, 'unreachable'],
];
