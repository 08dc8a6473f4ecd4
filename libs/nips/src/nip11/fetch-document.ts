import type { DialFailure, DialFailureReason, HttpGet, RelayUrl } from '@bigbrotr/models';
import { readRelayDocument, type RelayDocument } from './document.js';

export type DocumentFailureReason =
  | DialFailureReason
  | 'too-large'
  | 'http-status' // any but 200; see `status`
  | 'html' // a web page instead of the document
  | 'not-json'
  | 'not-object';

export type DocumentResult =
  | (RelayDocument & {
      readonly ok: true;
      /** The body as served. */
      readonly raw: Buffer;
      readonly durationMs: number;
    })
  | { readonly ok: false; readonly reason: DocumentFailureReason; readonly status?: number; readonly code?: string };

export interface FetchDocumentOptions {
  readonly signal: AbortSignal;
  /** Default 10 s, body included. */
  readonly timeoutMs?: number;
  /** Default 128 KiB. */
  readonly maxBytes?: number;
  readonly allowInsecure?: boolean;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_BYTES = 128 * 1024;

/** Gets a relay's NIP-11 document. */
export async function fetchRelayDocument(
  options: FetchDocumentOptions,
  httpGet: HttpGet,
  url: RelayUrl,
): Promise<DocumentResult> {
  const { signal, timeoutMs = DEFAULT_TIMEOUT_MS, maxBytes = DEFAULT_MAX_BYTES, allowInsecure = false } = options;
  const result = await httpGet(documentUrl(url), {
    signal,
    timeoutMs,
    maxBytes,
    allowInsecure,
    maxRedirects: 1,
    // Exactly this: strfry serves its web page to a list of types.
    headers: { accept: 'application/nostr+json' },
  });
  if (!result.ok) return { ok: false, ...reasonOf(result.failure) };
  if (result.status !== 200) {
    const redirected = result.status >= 300 && result.status < 400;
    return { ok: false, reason: redirected ? 'redirect' : 'http-status', status: result.status };
  }
  const document = parseBody(result.body, result.headers['content-type'] ?? '');
  if (typeof document === 'string') return { ok: false, reason: document };
  return { ok: true, ...readRelayDocument(document), raw: result.body, durationMs: result.durationMs };
}

/** The http(s) form of a relay's URL, path and port kept. */
export function documentUrl(url: RelayUrl): string {
  return url.replace(/^ws/, 'http');
}

/** Content types are no law: relays serve JSON under any. They only tell a web page from other junk. */
function parseBody(body: Buffer, contentType: string): Record<string, unknown> | 'html' | 'not-json' | 'not-object' {
  const text = body.toString().replace(/^\uFEFF/, '');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return /^\s*</.test(text) || contentType.toLowerCase().startsWith('text/html') ? 'html' : 'not-json';
  }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : 'not-object';
}

function reasonOf(failure: DialFailure | { readonly reason: 'too-large' }): Omit<DocumentResult & { ok: false }, 'ok'> {
  if (failure.reason === 'too-large') return { reason: failure.reason };
  const { reason, status, code } = failure;
  return { reason, ...(status === undefined ? {} : { status }), ...(code === undefined ? {} : { code }) };
}
