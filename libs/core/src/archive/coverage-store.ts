import type { CoverageRow } from '@bigbrotr/models';

import type { Queryable } from '../db/pool.js';

/** Proven and attempted intervals of one relay and filter, oldest first. */
export async function readCoverage(db: Queryable, relayId: number, filterKey: string): Promise<CoverageRow[]> {
  const { rows } = await db.query<Omit<CoverageRow, 'reason'> & { reason: string | null }>(
    `SELECT since, until, method, status, reason, events, verified_at AS "verifiedAt"
     FROM sync_coverage WHERE relay_id = $1 AND filter_key = $2 ORDER BY since`,
    [relayId, filterKey],
  );
  return rows.map(({ reason, ...row }) => (reason === null ? row : { ...row, reason }));
}
