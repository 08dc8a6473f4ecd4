import type { CoverageRow } from '@bigbrotr/models';

import type { Queryable } from '../db/pool.js';

export type CoverageItem = Omit<CoverageRow, 'reason'> & { readonly filter: string; readonly reason: string | null };
export type CoveragePosition = readonly [filter: string, since: number];

/** What is proven and attempted of one relay, by filter and time. */
export async function listCoverage(
  db: Queryable,
  relayId: number,
  { after, limit }: { readonly after?: CoveragePosition | undefined; readonly limit: number },
): Promise<CoverageItem[]> {
  const [filter, since] = after ?? [null, null];
  const { rows } = await db.query<CoverageItem>(
    `SELECT filter_key AS filter, since, until, method, status, reason, events, verified_at AS "verifiedAt"
     FROM sync_coverage
     WHERE relay_id = $1 AND ($2::text IS NULL OR (filter_key, since) > ($2::text, $3::bigint))
     ORDER BY filter_key, since LIMIT $4`,
    [relayId, filter, since, limit],
  );
  return rows;
}
