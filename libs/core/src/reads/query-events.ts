import type { NostrEvent } from '@bigbrotr/models';

import { byteaArray, numberArray } from '../db/arrays.js';
import { transaction, type Pool, type Queryable } from '../db/pool.js';
import { createSqlValues, type SqlValues } from './sql-values.js';

/** NIP-01's filter; ids and authors in full. */
export interface EventQuery {
  readonly ids?: readonly string[] | undefined;
  readonly authors?: readonly string[] | undefined;
  readonly kinds?: readonly number[] | undefined;
  /** By letter: the event has one of the values. */
  readonly tags?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Unix seconds, both inclusive. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** Also those whose NIP-40 time is over. */
  readonly expired?: boolean | undefined;
}

/** The light profile keeps neither tags nor content. */
export type ArchivedEvent = Omit<NostrEvent, 'tags' | 'content'> & {
  readonly tags: NostrEvent['tags'] | null;
  readonly content: string | null;
};

export type EventPosition = readonly [createdAt: number, id: string];

export interface EventPageOptions {
  readonly limit: number;
  readonly after?: EventPosition | undefined;
  /** Unix seconds: what expired by then is expired. */
  readonly now: number;
  /** After this the database stops looking, with SQLSTATE 57014. */
  readonly timeoutMs: number;
}

export interface EventHolder {
  readonly id: number;
  readonly url: string;
  readonly seenAt: number;
}

interface EventRow {
  readonly id: string;
  readonly pubkey: string;
  readonly created_at: number;
  readonly kind: number;
  readonly tags: string[][] | null;
  readonly content: string | null;
  readonly sig: string;
  readonly raw: Buffer | null;
}

const COLUMNS = `encode(e.id, 'hex') AS id, encode(e.pubkey, 'hex') AS pubkey, e.created_at, e.kind, e.tags, e.content, encode(e.sig, 'hex') AS sig, e.raw`;
/** NIP-01: newest first, and of one second the lowest id. */
const ORDER = 'ORDER BY created_at DESC, id';

/** A page of the events that match. */
export function queryEvents(pool: Pool, query: EventQuery, options: EventPageOptions): Promise<ArchivedEvent[]> {
  const { text, values } = eventsStatement(query, options);
  return transaction(pool, async (tx) => {
    await tx.query(`SET LOCAL statement_timeout = ${Math.trunc(options.timeoutMs)}`);
    const { rows } = await tx.query<EventRow>(text, values);
    return rows.map(toEvent);
  });
}

/** How the page is found. Apart from its run, so that a test can ask the planner about it. */
export function eventsStatement(
  query: EventQuery,
  { limit, after, now }: Omit<EventPageOptions, 'timeoutMs'>,
): { readonly text: string; readonly values: unknown[] } {
  const values = createSqlValues();
  const conditions = conditionsOf(query, after, now, values);
  const most = values.add(limit);
  const hits = hitsOf(query, conditions, most, values);
  return {
    text: `WITH ${hits} SELECT ${COLUMNS} FROM (SELECT seq FROM hits ${ORDER} LIMIT ${most}) h JOIN events e USING (seq) ORDER BY e.created_at DESC, e.id`,
    values: [...values.list],
  };
}

/**
 * Each shape of filter goes along the index that has its order: the database would otherwise read all that an author
 * ever wrote to find the last hundred.
 */
function hitsOf({ ids, authors, kinds, tags }: EventQuery, conditions: readonly string[], most: string, values: SqlValues): string {
  const select = (more: readonly string[]) =>
    `SELECT e.seq, e.created_at, e.id FROM events e WHERE ${[...more, ...conditions].join(' AND ') || 'true'}`;
  if (ids) return `hits AS (${select([`e.id = ANY (${values.add(byteaArray(ids))}::bytea[])`, ...plain(authors, kinds, values)])})`;
  // An event has few of all tag values: the index of tags finds it, whatever the order.
  if (tags && Object.keys(tags).length > 0) return `hits AS MATERIALIZED (${select(plain(authors, kinds, values))})`;
  if (authors) {
    const each = select(['e.pubkey = p.pubkey', 'e.kind = p.kind']);
    return `RECURSIVE ${pairsOf(authors, kinds, values)}, hits AS (
      SELECT h.* FROM pairs p CROSS JOIN LATERAL (${each} ${ORDER} LIMIT ${most}) h WHERE p.kind IS NOT NULL)`;
  }
  if (kinds) {
    return `hits AS (
      SELECT h.* FROM unnest(${values.add(numberArray([...new Set(kinds)]))}::integer[]) AS k(kind)
      CROSS JOIN LATERAL (${select(['e.kind = k.kind'])} ${ORDER} LIMIT ${most}) h)`;
  }
  return `hits AS (${select([])} ${ORDER} LIMIT ${most})`;
}

/** Every author with every kind; without kinds, with each that the author has events of, found one after the other. */
function pairsOf(authors: readonly string[], kinds: readonly number[] | undefined, values: SqlValues): string {
  const wanted = `unnest(${values.add(byteaArray([...new Set(authors)]))}::bytea[]) AS a(pubkey)`;
  if (kinds) {
    return `pairs AS (SELECT a.pubkey, k.kind FROM ${wanted}, unnest(${values.add(numberArray([...new Set(kinds)]))}::integer[]) AS k(kind))`;
  }
  return `pairs(pubkey, kind) AS (
    SELECT a.pubkey, (SELECT min(e.kind) FROM events e WHERE e.pubkey = a.pubkey) FROM ${wanted}
    UNION ALL
    SELECT p.pubkey, (SELECT min(e.kind) FROM events e WHERE e.pubkey = p.pubkey AND e.kind > p.kind) FROM pairs p WHERE p.kind IS NOT NULL)`;
}

function plain(authors: readonly string[] | undefined, kinds: readonly number[] | undefined, values: SqlValues): string[] {
  const conditions: string[] = [];
  if (authors) conditions.push(`e.pubkey = ANY (${values.add(byteaArray(authors))}::bytea[])`);
  if (kinds) conditions.push(`e.kind = ANY (${values.add(numberArray(kinds))}::integer[])`);
  return conditions;
}

function conditionsOf({ tags, since, until, expired }: EventQuery, after: EventPosition | undefined, now: number, values: SqlValues): string[] {
  const conditions: string[] = [];
  for (const [letter, wanted] of Object.entries(tags ?? {})) {
    conditions.push(`e.tagvalues && ${values.add(wanted.map((value) => `${letter}:${value}`))}::text[]`);
  }
  if (since !== undefined) conditions.push(`e.created_at >= ${values.add(since)}`);
  if (until !== undefined) conditions.push(`e.created_at <= ${values.add(until)}`);
  if (expired !== true) conditions.push(`(e.expires_at IS NULL OR e.expires_at > ${values.add(now)})`);
  if (after) {
    const at = values.add(after[0]);
    conditions.push(`e.created_at <= ${at}`, `(e.created_at < ${at} OR e.id > decode(${values.add(after[1])}, 'hex'))`);
  }
  return conditions;
}

/** One event with what reads decide by; whether it is shown is the caller's to say. */
export async function readEvent(
  db: Queryable,
  id: string,
): Promise<{ readonly event: ArchivedEvent; readonly seq: number; readonly expiresAt: number | null; readonly deletedAt: number | null } | undefined> {
  const { rows } = await db.query<EventRow & { seq: number; expiresAt: number | null; deletedAt: number | null }>(
    `SELECT ${COLUMNS}, e.seq, e.expires_at AS "expiresAt", e.deleted_at AS "deletedAt" FROM events e WHERE e.id = decode($1, 'hex')`,
    [id],
  );
  const row = rows[0];
  return row && { event: toEvent(row), seq: row.seq, expiresAt: row.expiresAt, deletedAt: row.deletedAt };
}

/** The relays that an event was seen on, the first one first. */
export async function readHolders(db: Queryable, seq: number, limit: number): Promise<EventHolder[]> {
  const { rows } = await db.query<EventHolder>(
    `SELECT r.id, r.url, s.seen_at AS "seenAt" FROM event_seen s JOIN relays r ON r.id = s.relay_id
     WHERE s.event_seq = $1 ORDER BY s.seen_at, r.id LIMIT $2`,
    [seq, limit],
  );
  return rows;
}

function toEvent({ id, pubkey, created_at, kind, tags, content, sig, raw }: EventRow): ArchivedEvent {
  // Kept as it came, because text cannot hold it.
  if (raw) return JSON.parse(raw.toString('utf8')) as NostrEvent;
  return { id, pubkey, created_at, kind, tags, content, sig };
}
