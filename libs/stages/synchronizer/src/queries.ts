import type { Queryable } from '@bigbrotr/core';
import type { Interval } from '@bigbrotr/models';
import type { NegentropyItem } from '@bigbrotr/nips';

/**
 * Ids recorded as seen or declined at a relay, by age: the local side of a reconciliation. Undefined when there are more
 * than `limit`.
 */
export async function readSeenItems(
  db: Queryable,
  relayId: number,
  { since, until }: Interval,
  limit: number,
): Promise<NegentropyItem[] | undefined> {
  const { rows } = await db.query<NegentropyItem>({
    name: 'read_seen_items',
    text: `SELECT s.created_at, e.id FROM event_seen s JOIN events e ON e.seq = s.event_seq
           WHERE s.relay_id = $1 AND s.created_at BETWEEN $2 AND $3
           UNION ALL
           SELECT created_at, event_id FROM events_declined WHERE relay_id = $1 AND created_at BETWEEN $2 AND $3
           LIMIT $4`,
    values: [relayId, since, until, limit + 1],
  });
  return rows.length > limit ? undefined : rows;
}

export interface StoredEvent {
  readonly id: string;
  readonly seq: number;
  readonly createdAt: number;
}

/** Those of `ids` that the archive holds, from whichever relay. */
export async function readStored(db: Queryable, ids: readonly string[]): Promise<StoredEvent[]> {
  const { rows } = await db.query<StoredEvent>({
    name: 'read_stored',
    text: `SELECT encode(id, 'hex') AS id, seq, created_at AS "createdAt" FROM events
           WHERE id = ANY (SELECT decode(hex, 'hex') FROM unnest($1::text[]) AS hex)`,
    values: [ids],
  });
  return rows;
}
