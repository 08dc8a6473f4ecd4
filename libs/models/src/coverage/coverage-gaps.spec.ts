import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { coveredShare, oldestProof, uncovered } from './coverage-gaps.js';
import { COVERAGE_STATUSES, type CoverageRow } from './coverage-row.js';

const rows = [
  row(0, 9, { verifiedAt: 300 }),
  row(10, 14, { status: 'saturated' }),
  row(20, 29, { verifiedAt: 100 }),
  row(40, 49, { verifiedAt: 100 }),
];

describe('uncovered', () => {
  it.each([
    [
      { since: 0, until: 59 },
      [
        [50, 59],
        [30, 39],
        [10, 19],
      ],
    ],
    [
      { since: 5, until: 45 },
      [
        [30, 39],
        [10, 19],
      ],
    ],
    [{ since: 20, until: 29 }, []],
    [{ since: 29, until: 30 }, [[30, 30]]],
    [{ since: 12, until: 13 }, [[12, 13]]],
    [{ since: 5, until: 4 }, []],
  ])('of %j, newest first: %j', (range, gaps) => {
    expect(uncovered(rows, range)).toEqual(gaps.map(([since, until]) => ({ since, until })));
  });

  it('is everything where nothing is proven', () => {
    expect(uncovered([], { since: 0, until: 9 })).toEqual([{ since: 0, until: 9 }]);
  });

  it('takes rows of several filters together, in any order', () => {
    expect(uncovered([row(5, 30), row(0, 10), row(8, 9)], { since: 0, until: 40 })).toEqual([{ since: 31, until: 40 }]);
  });
});

describe('oldestProof', () => {
  it.each([
    [
      { since: 0, until: 59 },
      { since: 40, until: 49, verifiedAt: 100 },
    ],
    [
      { since: 0, until: 39 },
      { since: 20, until: 29, verifiedAt: 100 },
    ],
    [
      { since: 25, until: 45 },
      { since: 40, until: 45, verifiedAt: 100 },
    ],
    [
      { since: 3, until: 12 },
      { since: 3, until: 9, verifiedAt: 300 },
    ],
    [{ since: 10, until: 19 }, undefined],
    [{ since: 50, until: 59 }, undefined],
  ])('of %j: %j', (range, proof) => {
    expect(oldestProof(rows, range)).toEqual(proof);
    expect(oldestProof(rows.toReversed(), range)).toEqual(proof);
  });
});

describe('coveredShare', () => {
  it.each([
    [{ since: 0, until: 59 }, 0.5],
    [{ since: 0, until: 9 }, 1],
    [{ since: 10, until: 19 }, 0],
    [{ since: 5, until: 4 }, 1],
  ])('of %j: %d', (range, share) => {
    expect(coveredShare(rows, range)).toBe(share);
  });
});

describe('gaps and share, against counting seconds', () => {
  it('agree', () => {
    const some = fc.record({ since: fc.nat(30), length: fc.nat(10), status: fc.constantFrom(...COVERAGE_STATUSES) });
    fc.assert(
      fc.property(fc.array(some, { maxLength: 8 }), fc.nat(30), fc.nat(20), (list, since, length) => {
        const known = list.map((one) => row(one.since, one.since + one.length, { status: one.status }));
        const range = { since, until: since + length };
        const open = Array.from({ length: length + 1 }, (_, at) => since + at).filter(
          (second) => !known.some((one) => one.status === 'complete' && one.since <= second && second <= one.until),
        );
        const gaps = uncovered(known, range);

        expect(
          gaps.reverse().flatMap((gap) => Array.from({ length: gap.until - gap.since + 1 }, (_, at) => gap.since + at)),
        ).toEqual(open);
        expect(coveredShare(known, range)).toBeCloseTo(1 - open.length / (length + 1));
      }),
      { seed: 29, numRuns: 500 },
    );
  });
});

function row(since: number, until: number, change: Partial<CoverageRow> = {}): CoverageRow {
  return { since, until, method: 'page', status: 'complete', events: 0, verifiedAt: 0, ...change };
}
