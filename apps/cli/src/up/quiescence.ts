import type { Bus, Pool } from '@bigbrotr/core';
import type { Network } from '@bigbrotr/models';

/** What is due later than this does not keep a run going. */
const HORIZON = '60 seconds';

/**
 * True when nothing is left to do for now: no task of an enabled network is due within a minute, no mention waits, and
 * no job is queued or running.
 */
export async function isQuiet(
  networks: readonly Network[],
  queues: readonly string[],
  { pool, bus }: { readonly pool: Pool; readonly bus: Bus },
): Promise<boolean> {
  const { rows } = await pool.query<{ busy: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM relay_tasks WHERE network = ANY ($1) AND NOT disabled AND next_due_at < now() + $2::interval)
         OR EXISTS (SELECT 1 FROM candidates WHERE network = ANY ($1) AND NOT exhausted AND next_due_at < now() + $2::interval)
         OR EXISTS (SELECT 1 FROM periodic_tasks WHERE finished_at IS NULL AND stage IN ('seeder', 'finder'))
         OR EXISTS (SELECT 1 FROM mentions)
         OR EXISTS (SELECT 1 FROM job_requests WHERE status IN ('queued', 'running')) AS busy`,
    [networks, HORIZON],
  );
  if (rows[0]?.busy !== false) return false;
  const counts = await bus.counts(queues);
  return [...counts.values()].every((count) => count.depth === 0 && count.active === 0);
}
