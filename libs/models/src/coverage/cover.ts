import type { CoverageRow, CoverageStatus } from './coverage-row.js';
import { bySince, isEmpty, overlaps, seconds, subtract, type Interval } from './intervals.js';

export interface CoverOptions {
  /**
   * Neighbours merge when their proofs are less than this many seconds apart. A merged row is as old as its oldest
   * part: without a limit, a slice that was proven anew would at once take the age of its old neighbour, and re-scans
   * by age would never get on.
   */
  readonly mergeWithin?: number;
}

/**
 * Enters what a request has shown and gives the next rows: disjoint, oldest first.
 *
 * - a complete interval takes the place of whatever it overlaps;
 * - nothing else takes the place of a complete one, and only a complete one that of a saturated one: such seconds
 *   stay on record until they are proven;
 * - neighbours of the same method, status and reason become one row with the older `verifiedAt`.
 */
export function cover(
  rows: readonly CoverageRow[],
  found: CoverageRow,
  { mergeWithin = 86_400 }: CoverOptions = {},
): CoverageRow[] {
  if (isEmpty(found) || !Number.isSafeInteger(found.since) || !Number.isSafeInteger(found.until)) {
    throw new RangeError(`not an interval: ${found.since} to ${found.until}`);
  }
  const firm = rows.filter((row) => overlaps(row, found) && FIRMNESS[row.status] > FIRMNESS[found.status]);
  const kept = rows.flatMap((row) => (firm.includes(row) ? [row] : parts(row, [found])));
  return merge([...kept, ...parts(found, firm)].sort(bySince), mergeWithin);
}

const FIRMNESS: Readonly<Record<CoverageStatus, number>> = { complete: 2, saturated: 1, partial: 0, unpageable: 0 };

/** What is left of a row, with events shared out by length. */
function parts(row: CoverageRow, taken: readonly Interval[]): CoverageRow[] {
  return subtract(row, taken).map((left) => ({
    ...row,
    ...left,
    events: Math.floor((row.events * seconds(left)) / seconds(row)),
  }));
}

function merge(sorted: readonly CoverageRow[], within: number): CoverageRow[] {
  const merged: CoverageRow[] = [];
  for (const row of sorted) {
    const last = merged.at(-1);
    if (last === undefined || !areOne(last, row, within)) {
      merged.push(row);
      continue;
    }
    merged[merged.length - 1] = {
      ...last,
      until: row.until,
      events: last.events + row.events,
      verifiedAt: Math.min(last.verifiedAt, row.verifiedAt),
    };
  }
  return merged;
}

function areOne(a: CoverageRow, b: CoverageRow, within: number): boolean {
  return (
    a.until + 1 === b.since &&
    a.method === b.method &&
    a.status === b.status &&
    a.reason === b.reason &&
    Math.abs(a.verifiedAt - b.verifiedAt) < within
  );
}
