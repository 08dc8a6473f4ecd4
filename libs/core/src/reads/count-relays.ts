import type { Network, RelayStatus } from '@bigbrotr/models';

import type { Queryable } from '../db/pool.js';

export interface RelayCount {
  readonly network: Network;
  readonly status: RelayStatus;
  readonly relays: number;
}

/** By network and status: a few dozen rows. */
export async function countRelays(db: Queryable): Promise<RelayCount[]> {
  const { rows } = await db.query<RelayCount>(
    'SELECT network, status, count(*)::integer AS relays FROM relays GROUP BY network, status ORDER BY network, status',
  );
  return rows;
}
