import { expirationOf, hasNul, type NostrEvent } from '@bigbrotr/models';

import { byteaArray, numberArray, textArray } from '../db/arrays.js';
import { isRowFault } from '../db/database-error.js';
import type { Transaction } from '../db/pool.js';

/** `full` keeps tags and content, `light` neither. */
export type ArchiveProfile = 'full' | 'light';

export interface StoredEvents {
  /** Sequence number by id, of every event that is stored now. */
  readonly seqs: ReadonlyMap<string, number>;
  /** Ids that were not there before. */
  readonly insertedIds: ReadonlySet<string>;
  /** What the database would not take, one by one. */
  readonly refused: readonly NostrEvent[];
}

interface EventRow {
  readonly event: NostrEvent;
  readonly tags: string | null;
  readonly content: string | null;
  readonly raw: string | null;
}

/**
 * Stores verified events inside the caller's transaction. A row that the database refuses is bisected out behind
 * savepoints, so that it never takes its batch with it.
 */
export async function storeEvents(
  tx: Transaction,
  events: readonly NostrEvent[],
  profile: ArchiveProfile,
): Promise<StoredEvents> {
  const seqs = new Map<string, number>();
  const refused: NostrEvent[] = [];
  const insertedIds = new Set<string>();

  async function store(rows: readonly EventRow[]): Promise<void> {
    if (rows.length === 0) return;
    await tx.query('SAVEPOINT batch');
    try {
      for (const row of await insert(tx, rows)) {
        seqs.set(row.id, row.seq);
        if (row.inserted) insertedIds.add(row.id);
      }
      await tx.query('RELEASE SAVEPOINT batch');
    } catch (error) {
      if (!isRowFault(error)) throw error;
      await tx.query('ROLLBACK TO SAVEPOINT batch');
      const [only] = rows;
      if (rows.length === 1 && only) {
        refused.push(only.event);
        return;
      }
      const middle = rows.length >> 1;
      await store(rows.slice(0, middle));
      await store(rows.slice(middle));
    }
  }

  await store(events.map((event) => toRow(event, profile)));
  return { seqs, insertedIds, refused };
}

function toRow(event: NostrEvent, profile: ArchiveProfile): EventRow {
  if (profile === 'light') return { event, tags: null, content: null, raw: null };
  // U+0000 has no place in text or jsonb: such an event keeps its bytes instead.
  if (hasNul(event))
    return { event, tags: null, content: null, raw: Buffer.from(JSON.stringify(event)).toString('hex') };
  return { event, tags: JSON.stringify(event.tags), content: event.content, raw: null };
}

async function insert(
  tx: Transaction,
  rows: readonly EventRow[],
): Promise<{ id: string; seq: number; inserted: boolean }[]> {
  const result = await tx.query<{ id: string; seq: number; inserted: boolean }>({
    name: 'events_put',
    text: "SELECT encode(event_id, 'hex') AS id, event_seq AS seq, inserted FROM events_put($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    values: [
      byteaArray(rows.map((r) => r.event.id)),
      byteaArray(rows.map((r) => r.event.pubkey)),
      numberArray(rows.map((r) => r.event.created_at)),
      numberArray(rows.map((r) => r.event.kind)),
      textArray(rows.map((r) => r.tags)),
      textArray(rows.map((r) => r.content)),
      byteaArray(rows.map((r) => r.event.sig)),
      numberArray(rows.map((r) => expirationOf(r.event) ?? null)),
      byteaArray(rows.map((r) => r.raw)),
    ],
  });
  return result.rows;
}
