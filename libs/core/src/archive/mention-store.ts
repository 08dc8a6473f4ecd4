import { textArray } from '../db/arrays.js';
import type { Queryable } from '../db/pool.js';
import type { Mention } from './event-writer.js';

/** Up to `limit` mentions, oldest first, for this transaction alone. They stay until {@link removeMentions}. */
export async function readMentions(db: Queryable, limit: number): Promise<Mention[]> {
  const { rows } = await db.query<Mention>(
    'SELECT raw, source FROM mentions ORDER BY found_at, raw LIMIT $1 FOR UPDATE SKIP LOCKED',
    [limit],
  );
  return rows;
}

/** In the transaction that made candidates of them. */
export async function removeMentions(db: Queryable, mentions: readonly Mention[]): Promise<void> {
  await db.query('DELETE FROM mentions WHERE raw = ANY ($1::text[])', [textArray(mentions.map((m) => m.raw))]);
}
