import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { intersection, isEmpty, overlaps, seconds, subtract, type Interval } from './intervals.js';

const interval = fc
  .tuple(fc.nat(30), fc.nat(10))
  .map(([since, length]): Interval => ({ since, until: since + length }));

describe('intervals', () => {
  it('include both ends', () => {
    expect(seconds({ since: 5, until: 5 })).toBe(1);
    expect(seconds({ since: 5, until: 4 })).toBe(0);
    expect(isEmpty({ since: 5, until: 4 })).toBe(true);
    expect(overlaps({ since: 0, until: 5 }, { since: 5, until: 9 })).toBe(true);
    expect(overlaps({ since: 0, until: 4 }, { since: 5, until: 9 })).toBe(false);
    expect(intersection({ since: 0, until: 5 }, { since: 5, until: 9 })).toEqual({ since: 5, until: 5 });
  });

  it('subtract leaves the seconds that nobody took, in order and apart', () => {
    fc.assert(
      fc.property(interval, fc.array(interval, { maxLength: 6 }), (from, taken) => {
        const left = subtract(from, taken);

        const all = Array.from({ length: 45 }, (_, second) => second);
        const open = all.filter((second) => contains(from, second) && !taken.some((other) => contains(other, second)));

        expect(all.flatMap((second) => left.filter((part) => contains(part, second)).map(() => second))).toEqual(open);
        expect(left.every((part, at) => !isEmpty(part) && (at === 0 || left[at - 1]!.until + 1 < part.since))).toBe(
          true,
        );
      }),
      { seed: 19, numRuns: 500 },
    );
  });
});

function contains({ since, until }: Interval, second: number): boolean {
  return since <= second && second <= until;
}
