import { describe, expect, it } from '@jest/globals';
import type { RelayHealth } from '@bigbrotr/core';
import type { Finding } from '@bigbrotr/nips';

import { verdictOf, type Verdict } from './verdict.js';

const DAY = 86_400;
const NOW = 1_700_000_000;
const OPTIONS = { confirmations: 2, deadAfter: 30 * DAY, at: NOW };
const up: RelayHealth = { status: 'online', reason: null, lastSeenAt: NOW - 60, discoveredAt: 0, failures: 0 };
const timeout: Finding = { status: 'unreachable', reason: 'timeout' };

describe('verdictOf', () => {
  it.each<[string, Finding, Partial<RelayHealth>, Verdict]>([
    [
      'an answer of one that was down',
      { status: 'online' },
      { status: 'unreachable', failures: 9 },
      { status: 'online' },
    ],
    ['an answer of one that was dead', { status: 'auth' }, { status: 'dead', lastSeenAt: 0 }, { status: 'auth' }],
    ['a first miss', timeout, {}, { status: 'online' }],
    [
      'a first miss, with the reason that stood',
      timeout,
      { status: 'restricted', reason: 'http-403' },
      { status: 'restricted', reason: 'http-403' },
    ],
    ['a second miss', timeout, { failures: 1 }, timeout],
    ['a miss of one that was down already', timeout, { status: 'dns', failures: 0 }, timeout],
    ['a miss one second before the end', timeout, { failures: 50, lastSeenAt: NOW - 30 * DAY + 1 }, timeout],
    [
      'a miss after a month',
      { status: 'dns' },
      { failures: 50, lastSeenAt: NOW - 30 * DAY },
      { status: 'dead', reason: 'dns' },
    ],
    [
      'one that was never seen for a month',
      timeout,
      { status: 'unreachable', lastSeenAt: null, discoveredAt: NOW - 31 * DAY },
      { status: 'dead', reason: 'timeout' },
    ],
  ])('of %s', (_, finding, health, verdict) => {
    expect(verdictOf(finding, { ...up, ...health }, OPTIONS)).toEqual(verdict);
  });
});
