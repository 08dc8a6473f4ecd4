import type { RelayInformation } from '../nip11/document.js';
import type { RttLogs } from './rtt.js';

/** What a relay demands of who writes to it or reads from it. */
export interface RelayAccess {
  readonly auth: boolean;
  readonly payment: boolean;
  /** Only chosen authors, or chosen events, are let in. */
  readonly writes: boolean;
  readonly pow: boolean;
  /** Reading, too, is answered after AUTH only. */
  readonly readAuth: boolean;
}

/**
 * Experience before claims: a write that went through proves that neither AUTH, payment nor an invitation is needed,
 * whatever the document says; a refusal that names its cause adds to the document. Undefined when nothing is known.
 */
export function relayAccess(
  information: RelayInformation | undefined,
  logs: RttLogs | undefined,
): RelayAccess | undefined {
  const limitation = information?.limitation ?? {};
  const pow = (limitation.min_pow_difficulty ?? 0) > 0;
  const readAuth = logs?.read_success === false && names(logs.read_reason, AUTH);
  if (logs?.write_success === true) return { auth: false, payment: false, writes: false, pow, readAuth };

  const refusal = logs?.write_success === false ? (logs.write_reason ?? '') : undefined;
  if (information === undefined && refusal === undefined && !readAuth) return undefined;
  const cause = { auth: names(refusal, AUTH), payment: names(refusal, PAYMENT), pow: names(refusal, POW) };
  const unexplained = refusal !== undefined && !cause.auth && !cause.payment && !cause.pow;
  return {
    // Without a document and a write of ours, a read that was refused is all there is to go by.
    auth: limitation.auth_required === true || cause.auth || (information === undefined && refusal === undefined),
    payment: limitation.payment_required === true || cause.payment,
    writes: unexplained || (limitation.restricted_writes === true && !cause.auth && !cause.payment),
    pow: pow || cause.pow,
    readAuth,
  };
}

/** Types of relay (tag `T`) that follow from what it supports and demands. */
export function relayTypes({ auth, payment, writes, readAuth }: RelayAccess, nips: ReadonlySet<number>): string[] {
  const special = SPECIAL.filter(([nip]) => nips.has(nip)).map(([, type]) => type);
  if (payment) special.push('Paid');
  if (readAuth) return [...special, auth ? 'PrivateStorage' : 'PrivateInbox'];
  return [...special, auth || writes || payment ? 'PublicOutbox' : 'PublicInbox'];
}

const SPECIAL: readonly (readonly [number, string])[] = [
  [50, 'Search'],
  [29, 'Community'],
  [95, 'Blob'],
];

const AUTH = /auth/i;
const PAYMENT = /\bpa(?:y|id)/i;
const POW = /\bpow\b|proof[- ]of[- ]work/i;

function names(reason: string | undefined, cause: RegExp): boolean {
  return reason !== undefined && cause.test(reason);
}
