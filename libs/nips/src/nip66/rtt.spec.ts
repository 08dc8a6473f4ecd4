import { describe, it, expect } from '@jest/globals';
import { rttCheck, rttLogs, type RttPhases } from './rtt.js';

const open = { ok: true, ms: 100.4 } as const;

describe('rtt', () => {
  const CASES: [string, RttPhases, object, object][] = [
    ['the opening alone', { open }, { success: true, data: { rtt_open: 100 }, ms: 100 }, { open_success: true }],
    [
      'all three phases',
      { open, read: { ok: true, ms: 80.5 }, write: { ok: true, ms: 95 } },
      { success: true, data: { rtt_open: 100, rtt_read: 81, rtt_write: 95 }, ms: 276 },
      { open_success: true, read_success: true, write_success: true },
    ],
    [
      'a read that failed beside a write that did not',
      { open, read: { ok: false, reason: 'no events returned', ms: 10 }, write: { ok: true, ms: 5 } },
      { success: true, data: { rtt_open: 100, rtt_write: 5 }, ms: 115 },
      { open_success: true, read_success: false, read_reason: 'no events returned', write_success: true },
    ],
    [
      'a failed opening, which fails the rest',
      { open: { ok: false, reason: 'timeout', ms: 10_000 } },
      { success: false, reason: 'timeout', ms: 10_000 },
      {
        open_success: false,
        open_reason: 'timeout',
        read_success: false,
        read_reason: 'timeout',
        write_success: false,
        write_reason: 'timeout',
      },
    ],
    [
      'a loopback faster than a millisecond',
      { open: { ok: true, ms: 0.2 } },
      { success: true, data: { rtt_open: 1 }, ms: 1 },
      { open_success: true },
    ],
  ];

  it.each(CASES)('reports %s', (_, phases, check, logs) => {
    expect(rttCheck(phases)).toEqual(check);
    expect(rttLogs(phases)).toEqual(logs);
  });
});
