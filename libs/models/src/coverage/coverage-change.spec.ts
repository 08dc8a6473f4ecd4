import { describe, expect, it } from '@jest/globals';

import { coverageChange } from './coverage-change.js';
import type { CoverageRow } from './coverage-row.js';

const kept: CoverageRow = { since: 0, until: 9, method: 'page', status: 'complete', events: 1, verifiedAt: 100 };
const row: CoverageRow = { ...kept, since: 20, until: 29 };

describe('coverageChange', () => {
  it('is empty when nothing changed', () => {
    expect(coverageChange([kept, row], [{ ...kept }, { ...row }])).toEqual({ deleted: [], inserted: [] });
  });

  it.each<Partial<CoverageRow>>([
    { since: 19 },
    { until: 30 },
    { method: 'count' },
    { status: 'partial' },
    { reason: 'timeout' },
    { events: 2 },
    { verifiedAt: 101 },
  ])('replaces a row of which %j changed', (change) => {
    const after = { ...row, ...change };

    expect(coverageChange([kept, row], [kept, after])).toEqual({ deleted: [row], inserted: [after] });
  });

  it('deletes what went and inserts what came', () => {
    expect(coverageChange([kept], [row])).toEqual({ deleted: [kept], inserted: [row] });
  });
});
