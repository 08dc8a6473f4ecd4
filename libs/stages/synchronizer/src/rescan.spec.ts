import { describe, expect, it } from '@jest/globals';
import type { CoverageRow } from '@bigbrotr/models';

import { dueForRescan, nextFactor } from './rescan.js';

const DAY = 86_400;
const NOW = 1_800_000_000;
const OPTIONS = { recentMs: 7 * DAY * 1000, recentEveryMs: DAY * 1000, fullEveryMs: 30 * DAY * 1000 };

function row(since: number, until: number, ageDays: number, status: CoverageRow['status'] = 'complete'): CoverageRow {
  return { since, until, method: 'page', status, events: 1, verifiedAt: NOW - ageDays * DAY };
}

describe('dueForRescan', () => {
  it('takes the last week of what was proven over a day ago', () => {
    expect(dueForRescan([row(0, NOW - 900, 2)], OPTIONS, 1, NOW)).toEqual([{ since: NOW - 7 * DAY, until: NOW - 900 }]);
  });

  it('takes everything that was proven over a month ago, the oldest proof first', () => {
    const rows = [row(0, 1_000, 31), row(1_001, NOW - 8 * DAY, 40), row(NOW - 8 * DAY + 1, NOW, 0)];

    expect(dueForRescan(rows, OPTIONS, 1, NOW)).toEqual([
      { since: 1_001, until: NOW - 8 * DAY },
      { since: 0, until: 1_000 },
    ]);
  });

  it('leaves alone what is young, old enough to be settled, or not proven', () => {
    const rows = [
      row(0, 1_000, 29),
      row(NOW - DAY, NOW, 0.5),
      row(2_000, 3_000, 99, 'saturated'),
      row(4_000, 5_000, 99, 'partial'),
    ];

    expect(dueForRescan(rows, OPTIONS, 1, NOW)).toEqual([]);
  });

  it('comes sooner after late events were found, and by and by later again', () => {
    const rows = [row(0, 1_000, 16)];

    expect(dueForRescan(rows, OPTIONS, nextFactor(1, 3), NOW)).toHaveLength(1);
    expect(nextFactor(nextFactor(1, 3), 0)).toBe(1);
    expect(nextFactor(1 / 16, 9)).toBe(1 / 16);
  });
});
