import type { Queryable } from '../db/pool.js';

/** Of the lost claims of a stage and network, so many are due at once; the rest is spread. */
const AT_ONCE = 500;
const SPREAD_SECONDS = 60;

/**
 * The queues were emptied: what was claimed and not finished is due again. Enough to fill the queues comes at once, the
 * rest over the next minute, so that the loss costs seconds and no herd.
 */
export async function recoverLostClaims(db: Queryable): Promise<number> {
  const relays = await db.query(
    `UPDATE relay_tasks t SET next_due_at = now() + (CASE WHEN l.rank <= $1 THEN 0 ELSE random() * $2 END) * interval '1 second'
     FROM (
       SELECT stage, relay_id, row_number() OVER (PARTITION BY stage, network ORDER BY claimed_at) AS rank
       FROM relay_tasks WHERE claimed_at > coalesce(finished_at, '-infinity') AND next_due_at > now()
     ) l
     WHERE t.stage = l.stage AND t.relay_id = l.relay_id`,
    [AT_ONCE, SPREAD_SECONDS],
  );
  const candidates = await db.query(
    `UPDATE candidates c SET next_due_at = now() + (CASE WHEN l.rank <= $1 THEN 0 ELSE random() * $2 END) * interval '1 second', claimed_at = NULL
     FROM (
       SELECT id, row_number() OVER (PARTITION BY network ORDER BY claimed_at) AS rank
       FROM candidates WHERE claimed_at IS NOT NULL AND next_due_at > now()
     ) l
     WHERE c.id = l.id`,
    [AT_ONCE, SPREAD_SECONDS],
  );
  const periodic = await db.query(
    `UPDATE periodic_tasks SET next_due_at = now() WHERE claimed_at > coalesce(finished_at, '-infinity') AND next_due_at > now()`,
  );
  return (relays.rowCount ?? 0) + (candidates.rowCount ?? 0) + (periodic.rowCount ?? 0);
}
