import type { Queryable } from '@bigbrotr/core';

/** created_at of the oldest event that the relay served to us: how far back it reaches, as far as we know. */
export async function readOldestSeen(db: Queryable, relayId: number): Promise<number | undefined> {
  const { rows } = await db.query<{ oldest: number | null }>(
    'SELECT min(created_at) AS oldest FROM event_seen WHERE relay_id = $1',
    [relayId],
  );
  return rows[0]?.oldest ?? undefined;
}
