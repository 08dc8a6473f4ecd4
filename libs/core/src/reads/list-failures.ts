import type { Queryable } from '../db/pool.js';

export const FAILURE_STATES = ['open', 'redriven', 'discarded'] as const;
export type FailureState = (typeof FAILURE_STATES)[number];

/** A dead letter as PostgreSQL remembers it. */
export interface FailureRow {
  readonly id: number;
  readonly queue: string;
  readonly jobId: string;
  readonly data: unknown;
  readonly reason: string;
  readonly stack: string | null;
  readonly attempts: number;
  readonly stalled: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly state: FailureState;
}

const COLUMNS = `id, queue, job_id AS "jobId", data, reason, stack, attempts, stalled, first_at AS "firstAt", last_at AS "lastAt", state`;

/** Newest first. */
export async function listFailures(
  db: Queryable,
  { state, queue }: { readonly state?: FailureState | undefined; readonly queue?: string | undefined },
  { before, limit }: { readonly before?: number | undefined; readonly limit: number },
): Promise<FailureRow[]> {
  const { rows } = await db.query<FailureRow>(
    `SELECT ${COLUMNS} FROM job_failures
     WHERE ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR queue = $2) AND ($3::bigint IS NULL OR id < $3)
     ORDER BY id DESC LIMIT $4`,
    [state ?? null, queue ?? null, before ?? null, limit],
  );
  return rows;
}

export async function readFailure(db: Queryable, id: number): Promise<FailureRow | undefined> {
  const { rows } = await db.query<FailureRow>(`SELECT ${COLUMNS} FROM job_failures WHERE id = $1`, [id]);
  return rows[0];
}

/** Writes down what was decided; false when it was decided before. */
export async function settleFailure(db: Queryable, id: number, state: Exclude<FailureState, 'open'>): Promise<boolean> {
  const { rowCount } = await db.query(`UPDATE job_failures SET state = $2 WHERE id = $1 AND state = 'open'`, [
    id,
    state,
  ]);
  return rowCount === 1;
}

/** The same for whoever knows the job only by its name in the queue. */
export async function settleFailureOf(
  db: Queryable,
  { queue, jobId }: { readonly queue: string; readonly jobId: string },
  state: Exclude<FailureState, 'open'>,
): Promise<void> {
  await db.query(`UPDATE job_failures SET state = $3 WHERE queue = $1 AND job_id = $2 AND state = 'open'`, [
    queue,
    jobId,
    state,
  ]);
}
