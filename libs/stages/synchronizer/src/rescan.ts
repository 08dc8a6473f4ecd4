import type { CoverageRow, Interval } from '@bigbrotr/models';

export interface RescanOptions {
  /** The youngest stretch, in which late events are most likely. */
  readonly recentMs: number;
  /** How old a proof may grow there. */
  readonly recentEveryMs: number;
  /** How old a proof may grow anywhere. */
  readonly fullEveryMs: number;
}

/** Relays that take in backdated events are looked at more often, down to this share of the usual age. */
const LEAST_FACTOR = 1 / 16;

/**
 * Proven stretches whose proof is too old, the oldest proof first: events may have come in late, with an old date.
 *
 * @param factor Multiplies the ages; see {@link nextFactor}.
 * @param now Unix seconds.
 */
export function dueForRescan(
  rows: readonly CoverageRow[],
  { recentMs, recentEveryMs, fullEveryMs }: RescanOptions,
  factor: number,
  now: number,
): Interval[] {
  const recentSince = now - Math.floor(recentMs / 1000);
  const isOlder = (row: CoverageRow, ms: number) => now - row.verifiedAt > (ms * factor) / 1000;
  return rows
    .filter((row) => row.status === 'complete')
    .sort((a, b) => a.verifiedAt - b.verifiedAt || b.since - a.since)
    .flatMap((row) => {
      if (isOlder(row, fullEveryMs)) return [{ since: row.since, until: row.until }];
      if (row.until < recentSince || !isOlder(row, recentEveryMs)) return [];
      return [{ since: Math.max(row.since, recentSince), until: row.until }];
    });
}

/** What is found late shortens the age at which proofs are renewed; nothing found lets it grow again. */
export function nextFactor(factor: number, found: number): number {
  return found > 0 ? Math.max(LEAST_FACTOR, factor / 2) : Math.min(1, factor * 2);
}
