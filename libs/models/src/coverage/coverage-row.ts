import type { Interval } from './intervals.js';

export const COVERAGE_METHODS = ['page', 'negentropy', 'count'] as const;

/** How it was proven. */
export type CoverageMethod = (typeof COVERAGE_METHODS)[number];

export const COVERAGE_STATUSES = [
  'complete', // proven: the relay served everything that it has here
  'partial', // begun and not finished
  'saturated', // more events in one second than the relay will ever give at once
  'unpageable', // the relay ignores since and until
] as const;

export type CoverageStatus = (typeof COVERAGE_STATUSES)[number];

/** What is known of one stretch of a relay's past. */
export interface CoverageRow extends Interval {
  readonly method: CoverageMethod;
  readonly status: CoverageStatus;
  readonly reason?: string;
  /** Events seen. An estimate once rows have been cut, as nobody knows in which part the events were. */
  readonly events: number;
  /** Unix seconds of the oldest request that the row rests on. */
  readonly verifiedAt: number;
}
