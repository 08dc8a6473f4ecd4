import type { DialFailure, RelayStatus } from '@bigbrotr/models';

import type { NostrProof } from '../nip01/handshake.js';

/** What one look at a relay comes down to. */
export interface Finding {
  readonly status: RelayStatus;
  /** A word, made of codes: `timeout`, `http-403`, `not-nostr-echo`. */
  readonly reason?: string;
}

/** Statuses of an open door and a voice behind it: the relay was seen. */
export const SEEN_STATUSES: readonly RelayStatus[] = ['online', 'auth', 'restricted', 'degraded'];

export function findingOfFailure({ reason, status }: DialFailure): Finding {
  const word = status === undefined ? reason : `${reason}-${status}`;
  if (reason === 'dns') return { status: 'dns', reason: word };
  if (reason === 'tls') return { status: 'insecure', reason: word };
  if (reason === 'redirect') return { status: 'redirected', reason: word };
  // Closed doors, not missing ones.
  if (status === 401 || status === 402 || status === 403) return { status: 'restricted', reason: word };
  return { status: 'unreachable', reason: word };
}

export function findingOfProof(proof: NostrProof): Finding {
  if (!proof.ok)
    return { status: proof.reason === 'disconnect' ? 'unreachable' : 'not_nostr', reason: `not-nostr-${proof.reason}` };
  switch (proof.answer) {
    case 'event':
    case 'eose':
      return { status: 'online' };
    case 'auth':
      return { status: 'auth' };
    case 'closed':
      if (proof.class === 'auth-required') return { status: 'auth' };
      if (proof.class === 'restricted' || proof.class === 'blocked')
        return { status: 'restricted', reason: proof.class };
      return { status: 'degraded', reason: proof.class };
  }
}
