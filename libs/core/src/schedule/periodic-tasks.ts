import type { Queryable } from '../db/pool.js';

/** Makes sure that each key has a row, due at once when it is new. Keys that are no longer wanted go. */
export async function ensurePeriodicTasks(db: Queryable, stage: string, keys: readonly string[]): Promise<void> {
  await db.query('DELETE FROM periodic_tasks WHERE stage = $1 AND NOT key = ANY ($2)', [stage, keys]);
  await db.query(
    'INSERT INTO periodic_tasks (stage, key) SELECT $1, k FROM unnest($2::text[]) AS k ORDER BY k ON CONFLICT DO NOTHING',
    [stage, keys],
  );
}

/** Claims what is due of a stage, as {@link claimRelayTasks} does. */
export async function claimPeriodicTasks(
  db: Queryable,
  stage: string,
  limit: number,
  visibilityMs: number,
): Promise<string[]> {
  const { rows } = await db.query<{ key: string }>(
    `WITH due AS (
       SELECT key FROM periodic_tasks WHERE stage = $1 AND next_due_at <= now()
       ORDER BY next_due_at LIMIT $2 FOR UPDATE SKIP LOCKED
     )
     UPDATE periodic_tasks t SET next_due_at = now() + make_interval(secs => $3 / 1000.0), claimed_at = now(), claims = claims + 1
     FROM due WHERE t.stage = $1 AND t.key = due.key
     RETURNING t.key`,
    [stage, limit, visibilityMs],
  );
  return rows.map((r) => r.key);
}

/** Gives claims back that never reached a queue. */
export async function releasePeriodicClaims(db: Queryable, stage: string, keys: readonly string[]): Promise<void> {
  await db.query('UPDATE periodic_tasks SET next_due_at = now() WHERE stage = $1 AND key = ANY ($2)', [stage, keys]);
}

export async function finishPeriodicTask(
  db: Queryable,
  task: { readonly stage: string; readonly key: string; readonly dueInMs: number; readonly failed: boolean },
): Promise<void> {
  await db.query(
    `UPDATE periodic_tasks SET next_due_at = now() + make_interval(secs => $3 / 1000.0), finished_at = clock_timestamp(),
       failures = CASE WHEN $4 THEN failures + 1 ELSE 0 END
     WHERE stage = $1 AND key = $2`,
    [task.stage, task.key, task.dueInMs, task.failed],
  );
}
