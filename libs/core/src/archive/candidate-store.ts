import type { Network, RelayUrl } from '@bigbrotr/models';

import { textArray } from '../db/arrays.js';
import type { Queryable } from '../db/pool.js';

/** A URL that passed the law, and where it was found. */
export interface FoundUrl {
  readonly url: RelayUrl;
  readonly network: Network;
  readonly host: string;
  readonly registrableDomain?: string;
  /** E.g. `seed:<file>`, `kind:10002`, `api:<name>`. */
  readonly source: string;
}

export interface Candidate {
  readonly id: number;
  readonly url: RelayUrl;
  readonly network: Network;
  readonly failures: number;
}

/**
 * Adds candidates and remembers their sources. A URL that is a relay or a candidate already keeps everything it has.
 * @returns the ids that are new, by network.
 */
export async function putCandidates(
  db: Queryable,
  found: readonly FoundUrl[],
  at: number,
): Promise<{ id: number; network: Network }[]> {
  if (found.length === 0) return [];
  const { rows } = await db.query<{ id: number; network: Network }>(
    'SELECT candidate_id AS id, candidate_network AS network FROM candidates_put($1, $2, $3, $4, $5, $6)',
    [
      textArray(found.map((f) => f.url)),
      textArray(found.map((f) => f.network)),
      textArray(found.map((f) => f.host)),
      textArray(found.map((f) => f.registrableDomain ?? null)),
      textArray(found.map((f) => f.source)),
      at,
    ],
  );
  return rows;
}

export async function readCandidate(db: Queryable, id: number): Promise<Candidate | undefined> {
  const { rows } = await db.query<Candidate>('SELECT id, url, network, failures FROM candidates WHERE id = $1', [id]);
  return rows[0];
}

export async function findCandidate(db: Queryable, url: RelayUrl): Promise<Candidate | undefined> {
  const { rows } = await db.query<Candidate>('SELECT id, url, network, failures FROM candidates WHERE url = $1', [url]);
  return rows[0];
}

export interface CandidateFailure {
  readonly reason: string;
  /** First wait; doubles with each failure up to `maxMs`, give or take a tenth. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** After so many the candidate is left alone. */
  readonly maxFailures: number;
}

export async function recordCandidateFailure(db: Queryable, id: number, failure: CandidateFailure): Promise<void> {
  await db.query(
    `UPDATE candidates SET failures = failures + 1, reason = $2, claimed_at = NULL, exhausted = failures + 1 >= $5,
       next_due_at = now() + make_interval(secs => least($4, $3 * 2 ^ least(failures, 30)) / 1000.0) * (0.9 + 0.2 * random())
     WHERE id = $1`,
    [id, failure.reason, failure.baseMs, failure.maxMs, failure.maxFailures],
  );
}

/** A verdict that says nothing about the candidate (we were offline): due again, not counted. */
export async function postponeCandidate(db: Queryable, id: number, retryInMs: number): Promise<void> {
  await db.query(
    'UPDATE candidates SET claimed_at = NULL, next_due_at = now() + make_interval(secs => $2 / 1000.0) WHERE id = $1',
    [id, retryInMs],
  );
}
