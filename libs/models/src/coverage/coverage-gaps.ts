import type { CoverageRow } from './coverage-row.js';
import { intersection, overlaps, seconds, subtract, type Interval } from './intervals.js';

/** An interval, and when it was last proven. */
export interface Proof extends Interval {
  readonly verifiedAt: number;
}

/**
 * The stretches of the range that nothing proves, newest first. The rows may come in any order and overlap, as those
 * of two filters do.
 */
export function uncovered(rows: readonly CoverageRow[], range: Interval): Interval[] {
  return subtract(range, rows.filter(isComplete)).reverse();
}

/** The share of the range's seconds that is proven, 0 to 1; of an empty range, 1. */
export function coveredShare(rows: readonly CoverageRow[], range: Interval): number {
  const total = seconds(range);
  if (total === 0) return 1;
  return 1 - uncovered(rows, range).reduce((sum, gap) => sum + seconds(gap), 0) / total;
}

/** The part of the range whose proof is the oldest, the newest of several: what to scan again first. */
export function oldestProof(rows: readonly CoverageRow[], range: Interval): Proof | undefined {
  let oldest: CoverageRow | undefined;
  for (const row of rows) {
    if (!isComplete(row) || !overlaps(row, range)) continue;
    const isOlder = oldest === undefined || row.verifiedAt < oldest.verifiedAt;
    if (isOlder || (row.verifiedAt === oldest?.verifiedAt && row.since > oldest.since)) oldest = row;
  }
  return oldest && { ...intersection(oldest, range), verifiedAt: oldest.verifiedAt };
}

function isComplete(row: CoverageRow): boolean {
  return row.status === 'complete';
}
