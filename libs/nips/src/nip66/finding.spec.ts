import { describe, it, expect } from '@jest/globals';
import type { DialFailure } from '@bigbrotr/models';
import type { NostrProof } from '../nip01/handshake.js';
import { findingOfFailure, findingOfProof, SEEN_STATUSES, type Finding } from './finding.js';

const close = { code: 1006, reason: '' };

describe('findingOfFailure', () => {
  it.each<[DialFailure, Finding]>([
    [
      { reason: 'dns', code: 'ENOTFOUND' },
      { status: 'dns', reason: 'dns' },
    ],
    [
      { reason: 'tls', code: 'CERT_HAS_EXPIRED' },
      { status: 'insecure', reason: 'tls' },
    ],
    [
      { reason: 'redirect', status: 301 },
      { status: 'redirected', reason: 'redirect-301' },
    ],
    [
      { reason: 'http', status: 402 },
      { status: 'restricted', reason: 'http-402' },
    ],
    [
      { reason: 'http', status: 403 },
      { status: 'restricted', reason: 'http-403' },
    ],
    [
      { reason: 'http', status: 502 },
      { status: 'unreachable', reason: 'http-502' },
    ],
    [{ reason: 'timeout' }, { status: 'unreachable', reason: 'timeout' }],
    [{ reason: 'proxy' }, { status: 'unreachable', reason: 'proxy' }],
  ])('of %j', (failure, finding) => {
    expect(findingOfFailure(failure)).toEqual(finding);
  });
});

describe('findingOfProof', () => {
  it.each<[NostrProof, Finding]>([
    [{ ok: true, answer: 'event', readMs: 1 }, { status: 'online' }],
    [{ ok: true, answer: 'eose', readMs: 1 }, { status: 'online' }],
    [{ ok: true, answer: 'auth' }, { status: 'auth' }],
    [{ ok: true, answer: 'closed', class: 'auth-required', text: '' }, { status: 'auth' }],
    [
      { ok: true, answer: 'closed', class: 'blocked', text: '' },
      { status: 'restricted', reason: 'blocked' },
    ],
    [
      { ok: true, answer: 'closed', class: 'error', text: '' },
      { status: 'degraded', reason: 'error' },
    ],
    [
      { ok: false, reason: 'echo' },
      { status: 'not_nostr', reason: 'not-nostr-echo' },
    ],
    [
      { ok: false, reason: 'silence' },
      { status: 'not_nostr', reason: 'not-nostr-silence' },
    ],
    [
      { ok: false, reason: 'disconnect', close },
      { status: 'unreachable', reason: 'not-nostr-disconnect' },
    ],
  ])('of %j', (proof, finding) => {
    expect(findingOfProof(proof)).toEqual(finding);
  });

  it('counts as seen what spoke', () => {
    expect(SEEN_STATUSES).toEqual(['online', 'auth', 'restricted', 'degraded']);
  });
});
