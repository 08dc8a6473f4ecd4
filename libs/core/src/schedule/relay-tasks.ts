import type { Network } from '@bigbrotr/models';

import type { Queryable } from '../db/pool.js';

/**
 * Claims due relays by pushing their due time forward, so that a claim that was lost comes back by itself. Dispatchers
 * that race skip each other's rows.
 */
export async function claimRelayTasks(
  db: Queryable,
  claim: { readonly stage: string; readonly network: Network; readonly limit: number; readonly visibilityMs: number },
): Promise<number[]> {
  const { rows } = await db.query<{ relay_id: number }>({
    name: 'claim_relay_tasks',
    text: `WITH due AS (
       SELECT relay_id FROM relay_tasks
       WHERE stage = $1 AND network = $2 AND next_due_at <= now() AND NOT disabled
       ORDER BY next_due_at LIMIT $3 FOR UPDATE SKIP LOCKED
     )
     UPDATE relay_tasks t SET next_due_at = now() + make_interval(secs => $4 / 1000.0), claimed_at = now(), claims = claims + 1
     FROM due WHERE t.stage = $1 AND t.relay_id = due.relay_id
     RETURNING t.relay_id`,
    values: [claim.stage, claim.network, claim.limit, claim.visibilityMs],
  });
  return rows.map((r) => r.relay_id);
}

/** A run that went well: due again after `dueInMs`, give or take a tenth, so that what began together spreads out. */
export async function finishRelayTask(
  db: Queryable,
  task: { readonly stage: string; readonly relayId: number; readonly dueInMs: number },
): Promise<void> {
  await db.query(
    `UPDATE relay_tasks SET next_due_at = now() + make_interval(secs => $3 / 1000.0) * (0.9 + 0.2 * random()), finished_at = clock_timestamp(), failures = 0
     WHERE stage = $1 AND relay_id = $2`,
    [task.stage, task.relayId, task.dueInMs],
  );
}

/** A run that the relay let fail: the wait doubles from `baseMs` up to `maxMs`. */
export async function failRelayTask(
  db: Queryable,
  task: { readonly stage: string; readonly relayId: number; readonly baseMs: number; readonly maxMs: number },
): Promise<void> {
  await db.query(
    `UPDATE relay_tasks SET failures = failures + 1, finished_at = clock_timestamp(),
       next_due_at = now() + make_interval(secs => least($4, $3 * 2 ^ least(failures, 30)) / 1000.0) * (0.9 + 0.2 * random())
     WHERE stage = $1 AND relay_id = $2`,
    [task.stage, task.relayId, task.baseMs, task.maxMs],
  );
}

/** Gives claims back that never reached a queue. */
export async function releaseRelayClaims(db: Queryable, stage: string, relayIds: readonly number[]): Promise<void> {
  await db.query('UPDATE relay_tasks SET next_due_at = now() WHERE stage = $1 AND relay_id = ANY ($2)', [
    stage,
    relayIds,
  ]);
}

/** A job that failed for a fault of ours: its relay is due again soon, instead of when the claim would have run out. */
export async function hastenRelayTask(db: Queryable, stage: string, relayId: number, withinMs: number): Promise<void> {
  await db.query(
    'UPDATE relay_tasks SET next_due_at = least(next_due_at, now() + make_interval(secs => $3 / 1000.0)) WHERE stage = $1 AND relay_id = $2',
    [stage, relayId, withinMs],
  );
}
