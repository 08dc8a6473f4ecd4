import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { cover } from './cover.js';
import { coverageChange } from './coverage-change.js';
import { COVERAGE_METHODS, COVERAGE_STATUSES, type CoverageRow } from './coverage-row.js';

const DAY = 86_400;

describe('cover', () => {
  it('enters a first interval as it is', () => {
    expect(cover([], row(10, 19))).toEqual([row(10, 19)]);
  });

  it('joins neighbours: the older proof counts, events add up', () => {
    const before = [row(0, 9, { events: 5, verifiedAt: 100 }), row(20, 29, { events: 7, verifiedAt: 200 })];

    expect(cover(before, row(10, 19, { events: 3, verifiedAt: 300 }))).toEqual([
      row(0, 29, { events: 15, verifiedAt: 100 }),
    ]);
  });

  it.each<[string, Partial<CoverageRow>]>([
    ['another method', { method: 'negentropy' }],
    ['another status', { status: 'partial' }],
    ['another reason', { reason: 'timeout' }],
    ['a proof of another day', { verifiedAt: 100 + DAY }],
  ])('does not join neighbours with %s', (_, difference) => {
    const before = row(0, 9, { verifiedAt: 100 });
    const found = row(10, 19, { verifiedAt: 100, ...difference });

    expect(cover([before], found)).toEqual([before, found]);
  });

  it('does not join what is a second apart', () => {
    expect(cover([row(0, 9)], row(11, 19))).toEqual([row(0, 9), row(11, 19)]);
  });

  it('replaces what a complete interval overlaps, and shares out the events of what stays', () => {
    const before = [
      row(0, 99, { events: 100, verifiedAt: 100 }),
      row(100, 100, { status: 'saturated', reason: 'dense-second' }),
      row(101, 199, { status: 'partial' }),
    ];

    expect(cover(before, row(40, 149, { events: 9, verifiedAt: 5 * DAY }))).toEqual([
      row(0, 39, { events: 40, verifiedAt: 100 }),
      row(40, 149, { events: 9, verifiedAt: 5 * DAY }),
      row(150, 199, { status: 'partial', events: 0 }),
    ]);
  });

  it('makes a re-scanned slice younger than its neighbours', () => {
    const [older, scanned, newer] = cover([row(0, 99, { verifiedAt: 100 })], row(40, 59, { verifiedAt: 9 * DAY }));

    expect([older?.verifiedAt, scanned?.verifiedAt, newer?.verifiedAt]).toEqual([100, 9 * DAY, 100]);
  });

  it.each(['partial', 'saturated', 'unpageable'] as const)('lets %s fill only what is not complete', (status) => {
    const before = [row(10, 19), row(30, 39)];

    expect(cover(before, row(0, 49, { status, events: 30 }))).toEqual([
      row(0, 9, { status, events: 6 }),
      row(10, 19),
      row(20, 29, { status, events: 6 }),
      row(30, 39),
      row(40, 49, { status, events: 6 }),
    ]);
  });

  it.each(['partial', 'unpageable'] as const)('keeps a saturated second through %s', (status) => {
    const saturated = row(5, 5, { status: 'saturated', events: 500 });

    expect(cover([saturated], row(0, 9, { status }))).toEqual([
      row(0, 4, { status }),
      saturated,
      row(6, 9, { status }),
    ]);
  });

  it('takes the latest word on a saturated second', () => {
    const before = [row(5, 5, { status: 'saturated', events: 500, verifiedAt: 1 })];

    expect(cover(before, row(5, 5, { status: 'saturated', events: 600, verifiedAt: 2 }))).toEqual([
      row(5, 5, { status: 'saturated', events: 600, verifiedAt: 2 }),
    ]);
  });

  it.each([
    [5, 4],
    [0.5, 9],
    [0, NaN],
    [0, Infinity],
  ])('throws for what is no interval: %d to %d', (since, until) => {
    expect(() => cover([], row(since, until))).toThrow(RangeError);
  });
});

describe('cover, against a model that keeps every second', () => {
  const LAST = 40;
  const MERGE_WITHIN = 50;
  const found = fc
    .record({
      since: fc.nat(LAST),
      length: fc.nat(15),
      method: fc.constantFrom(...COVERAGE_METHODS),
      status: fc.constantFrom('complete' as const, ...COVERAGE_STATUSES),
      reason: fc.option(fc.constantFrom('timeout', 'closed'), { nil: undefined }),
      events: fc.nat(100),
      verifiedAt: fc.nat(200),
    })
    .map(({ length, reason, ...rest }): CoverageRow => ({
      ...rest,
      until: Math.min(rest.since + length, LAST),
      ...(reason !== undefined && { reason }),
    }));

  type Seconds = readonly (CoverageRow | undefined)[];

  function coverSeconds(model: Seconds, next: CoverageRow): Seconds {
    return model.map((current, second) => {
      if (second < next.since || second > next.until) return current;
      if (current === undefined || next.status === 'complete') return next;
      if (current.status === 'complete') return current;
      return current.status === 'saturated' && next.status !== 'saturated' ? current : next;
    });
  }

  function check(property: (history: CoverageRow[], rows: CoverageRow[], model: Seconds) => void): void {
    fc.assert(
      fc.property(fc.array(found, { maxLength: 10 }), (history) => {
        let rows: CoverageRow[] = [];
        let model: Seconds = Array.from({ length: LAST + 1 }, () => undefined);
        for (const next of history) {
          rows = cover(rows, next, { mergeWithin: MERGE_WITHIN });
          model = coverSeconds(model, next);
        }
        property(history, rows, model);
      }),
      { seed: 23, numRuns: 500 },
    );
  }

  it('knows the same of each second', () => {
    check((_, rows, model) => {
      const word = (known: CoverageRow | undefined) => known && `${known.method} ${known.status} ${known.reason ?? ''}`;
      const told = model.map((_, second) => rows.filter((row) => row.since <= second && second <= row.until).map(word));

      expect(told).toEqual(model.map((known) => (known ? [word(known)] : [])));
    });
  });

  it('keeps rows apart and in order', () => {
    check((_, rows) => {
      expect(rows.every((row, at) => row.since <= row.until && (at === 0 || rows[at - 1]!.until < row.since))).toBe(
        true,
      );
    });
  });

  it('never makes a row younger than a proof that it rests on, nor older than the oldest', () => {
    check((_, rows, model) => {
      for (const row of rows) {
        const proofs = model.slice(row.since, row.until + 1).map((second) => second!.verifiedAt);
        expect(row.verifiedAt).toBeLessThanOrEqual(Math.min(...proofs));
        expect(Math.max(...proofs) - row.verifiedAt).toBeLessThan(MERGE_WITHIN);
      }
    });
  });

  it('counts no event twice', () => {
    check((history, rows) => {
      const total = (list: readonly CoverageRow[]) => list.reduce((sum, row) => sum + row.events, 0);
      expect(total(rows)).toBeLessThanOrEqual(total(history));
      expect(rows.every((row) => Number.isSafeInteger(row.events) && row.events >= 0)).toBe(true);
    });
  });

  it('changes nothing but the estimate of events when told the same again', () => {
    check((history, rows) => {
      const last = history.at(-1);
      if (!last) return;
      const again = cover(rows, last, { mergeWithin: MERGE_WITHIN });
      const withoutEvents = (list: readonly CoverageRow[]) => list.map((row) => ({ ...row, events: 0 }));

      expect(withoutEvents(again)).toEqual(withoutEvents(rows));
    });
  });

  it('leaves the rows that it was given alone', () => {
    check((history, rows) => {
      const copy = structuredClone(rows);
      for (const next of history) cover(rows, next);

      expect(rows).toEqual(copy);
    });
  });

  it('gives changes that bring a store from before to after', () => {
    check((history, rows) => {
      for (const next of history) {
        const after = cover(rows, next);
        const { deleted, inserted } = coverageChange(rows, after);
        const store = new Map(rows.map((row) => [row.since, row]));
        const wereThere = deleted.every((row) => store.delete(row.since));
        const areNew = inserted.every((row) => !store.has(row.since) && store.set(row.since, row));

        expect({ wereThere, areNew }).toEqual({ wereThere: true, areNew: true });
        expect([...store.values()].sort((a, b) => a.since - b.since)).toEqual(after);
      }
    });
  });
});

function row(since: number, until: number, change: Partial<CoverageRow> = {}): CoverageRow {
  return { since, until, method: 'page', status: 'complete', events: 0, verifiedAt: 0, ...change };
}
