import { describe, expect, it } from '@jest/globals';

import { verdictOfCandidate } from './verdict.js';

describe('verdictOfCandidate', () => {
  it.each([
    [0, null, 'pending'],
    [0, 'refused', 'pending'],
    [1, 'not-nostr-echo', 'not_nostr'],
    [1, 'not-nostr-garbage', 'not_nostr'],
    [1, 'not-nostr-silence', 'not_nostr'],
    [1, 'not-nostr-disconnect', 'unreachable'],
    [2, 'refused', 'unreachable'],
    [1, 'timeout', 'unreachable'],
    [1, 'http-500', 'unreachable'],
    [1, 'http-403', 'restricted'],
    [1, 'redirect-301', 'redirected'],
    [1, 'dns', 'dns'],
    [1, 'tls', 'insecure'],
  ])('after %d failures, the last for %s: %s', (failures, reason, verdict) => {
    expect(verdictOfCandidate({ failures, reason })).toBe(verdict);
  });
});
