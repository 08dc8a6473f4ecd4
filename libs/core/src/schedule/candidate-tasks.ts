import type { Network } from '@bigbrotr/models';

import type { Queryable } from '../db/pool.js';

/** Claims due candidates as `claimRelayTasks` claims relays, longest due first. */
export async function claimCandidates(
  db: Queryable,
  claim: { readonly network: Network; readonly limit: number; readonly visibilityMs: number },
): Promise<number[]> {
  const { rows } = await db.query<{ id: number }>({
    name: 'claim_candidates',
    text: `WITH due AS (
       SELECT id FROM candidates
       WHERE network = $1 AND next_due_at <= now() AND NOT exhausted
       ORDER BY next_due_at LIMIT $2 FOR UPDATE SKIP LOCKED
     )
     UPDATE candidates c SET next_due_at = now() + make_interval(secs => $3 / 1000.0), claimed_at = now(), claims = claims + 1
     FROM due WHERE c.id = due.id
     RETURNING c.id`,
    values: [claim.network, claim.limit, claim.visibilityMs],
  });
  return rows.map((r) => r.id);
}

/** Gives claims back that never reached a queue. */
export async function releaseCandidateClaims(db: Queryable, ids: readonly number[]): Promise<void> {
  await db.query('UPDATE candidates SET next_due_at = now() WHERE id = ANY ($1)', [ids]);
}
