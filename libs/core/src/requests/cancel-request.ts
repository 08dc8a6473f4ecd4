import type { Queryable } from '../db/pool.js';
import type { RequestStatus } from './job-requests.js';

/** Ends a request that is not over yet; false when it is. */
export function cancelJobRequest(db: Queryable, id: string): Promise<boolean> {
  return endRequest(db, id, '');
}

/** Ends a request that no queue has taken; false when one has, or when it is over. */
export function cancelUnqueuedRequest(db: Queryable, id: string): Promise<boolean> {
  return endRequest(db, id, 'AND enqueued_at IS NULL');
}

async function endRequest(db: Queryable, id: string, condition: '' | 'AND enqueued_at IS NULL'): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE job_requests SET status = 'cancelled', cancel_requested = true, finished_at = now()
     WHERE id = $1 AND status IN ('queued', 'running') ${condition}`,
    [id],
  );
  return rowCount === 1;
}

/** The job runs in some process: the request ends when the job does. */
export async function askToCancel(db: Queryable, id: string): Promise<void> {
  await db.query(`UPDATE job_requests SET cancel_requested = true WHERE id = $1 AND status IN ('queued', 'running')`, [
    id,
  ]);
}

/** Others wait for the same job: it is not one requester's to stop. */
export async function isJobShared(
  db: Queryable,
  id: string,
  { queue, key }: { readonly queue: string; readonly key: string },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `SELECT 1 FROM job_requests WHERE queue = $2 AND job_key = $3 AND id <> $1 AND status IN ('queued', 'running') LIMIT 1`,
    [id, queue, key],
  );
  return rowCount === 1;
}

const REPEATABLE: readonly RequestStatus[] = ['failed', 'cancelled'];

/** Makes an ended request wait again, as if it were new; false when it did not fail and was not cancelled. */
export async function reopenJobRequest(db: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE job_requests SET status = 'queued', cancel_requested = false, queue = NULL, job_key = NULL, result = NULL, error = NULL,
       enqueued_at = NULL, started_at = NULL, finished_at = NULL
     WHERE id = $1 AND status = ANY ($2::text[])`,
    [id, REPEATABLE],
  );
  return rowCount === 1;
}
