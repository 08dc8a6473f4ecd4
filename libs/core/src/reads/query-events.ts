import type { NostrEvent } from '@bigbrotr/models';

import { byteaArray, numberArray } from '../db/arrays.js';
import { transaction, type Pool, type Queryable, type Transaction } from '../db/pool.js';
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

const STORED = ['id', 'pubkey', 'created_at', 'kind', 'tags', 'content', 'sig', 'raw']
  .map((column) => `e.${column}`)
  .join(', ');
const SHOWN = `encode(e.id, 'hex') AS id, encode(e.pubkey, 'hex') AS pubkey, e.created_at, e.kind, e.tags, e.content, encode(e.sig, 'hex') AS sig, e.raw`;
/** NIP-01: newest first, and of one second the lowest id. */
const ORDER = 'e.created_at DESC, e.id';
/** The same order, which no index has: for conditions that leave so little that walking along time would read far too much. */
const ORDER_BY_SORTING = 'e.created_at + 0 DESC, e.id';

export interface EventsStatement {
  readonly text: string;
  readonly values: unknown[];
  /**
   * Whether the planner may collect rows first and sort them then. It judges by the average author: for one who wrote a
   * million events it would fetch the million, where walking down the index ends after a page.
   */
  readonly mayCollect: boolean;
}

/** A page of the events that match. */
export function queryEvents(pool: Pool, query: EventQuery, options: EventPageOptions): Promise<ArchivedEvent[]> {
  const statement = eventsStatement(query, options);
  return transaction(pool, async (tx) => {
    await prepareEventsStatement(tx, statement, options.timeoutMs);
    const { rows } = await tx.query<EventRow>(statement.text, statement.values);
    return rows.map(toEvent);
  });
}

/** For the rest of the transaction. */
export async function prepareEventsStatement(
  tx: Transaction,
  { mayCollect }: EventsStatement,
  timeoutMs: number,
): Promise<void> {
  await tx.query(`SELECT set_config('statement_timeout', $1, true), set_config('enable_bitmapscan', $2, true)`, [
    String(Math.trunc(timeoutMs)),
    mayCollect ? 'on' : 'off',
  ]);
}

/** How the page is found. Apart from its run, so that a test can ask the planner about it. */
export function eventsStatement(
  query: EventQuery,
  { limit, after, now }: Omit<EventPageOptions, 'timeoutMs'>,
): EventsStatement {
  const values = createSqlValues();
  const conditions = conditionsOf(query, after, now, values);
  const most = values.add(limit);
  const { prelude = '', hits, mayCollect } = hitsOf(query, conditions, most, values);
  return {
    text: `${prelude}SELECT ${SHOWN} FROM (${hits}) e ORDER BY ${mayCollect ? ORDER_BY_SORTING : ORDER} LIMIT ${most}`,
    values: [...values.list],
    mayCollect,
  };
}

interface Hits {
  readonly prelude?: string;
  readonly hits: string;
  readonly mayCollect: boolean;
}

/**
 * Each shape of filter goes along the index that has its order: the database would otherwise read all that an author
 * ever wrote to find the last hundred.
 */
function hitsOf(
  { ids, authors, kinds, tags }: EventQuery,
  conditions: readonly string[],
  most: string,
  values: SqlValues,
): Hits {
  const select = (...more: readonly string[]) =>
    `SELECT ${STORED} FROM events e WHERE ${[...more, ...conditions].join(' AND ') || 'true'}`;
  if (ids || (tags && Object.keys(tags).length > 0)) {
    const own = ids ? [`e.id = ANY (${values.add(byteaArray(ids))}::bytea[])`] : [];
    return { hits: select(...own, ...plain(authors, kinds, values)), mayCollect: true };
  }
  if (authors) {
    const each = `${select('e.pubkey = p.pubkey', 'e.kind = p.kind')} ORDER BY ${ORDER} LIMIT ${most}`;
    return {
      prelude: `WITH RECURSIVE ${pairsOf(authors, kinds, values)} `,
      hits: `SELECT h.* FROM pairs p CROSS JOIN LATERAL (${each}) h`,
      mayCollect: false,
    };
  }
  if (kinds) {
    const each = `${select('e.kind = k.kind')} ORDER BY ${ORDER} LIMIT ${most}`;
    const wanted = `unnest(${values.add(numberArray([...new Set(kinds)]))}::integer[]) AS k(kind)`;
    return { hits: `SELECT h.* FROM ${wanted} CROSS JOIN LATERAL (${each}) h`, mayCollect: false };
  }
  return { hits: select(), mayCollect: false };
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

function plain(
  authors: readonly string[] | undefined,
  kinds: readonly number[] | undefined,
  values: SqlValues,
): string[] {
  const conditions: string[] = [];
  if (authors) conditions.push(`e.pubkey = ANY (${values.add(byteaArray(authors))}::bytea[])`);
  if (kinds) conditions.push(`e.kind = ANY (${values.add(numberArray(kinds))}::integer[])`);
  return conditions;
}

function conditionsOf(
  { tags, since, until, expired }: EventQuery,
  after: EventPosition | undefined,
  now: number,
  values: SqlValues,
): string[] {
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
): Promise<
  | {
      readonly event: ArchivedEvent;
      readonly seq: number;
      readonly expiresAt: number | null;
      readonly deletedAt: number | null;
    }
  | undefined
> {
  const { rows } = await db.query<EventRow & { seq: number; expiresAt: number | null; deletedAt: number | null }>(
    `SELECT ${SHOWN}, e.seq, e.expires_at AS "expiresAt", e.deleted_at AS "deletedAt" FROM events e WHERE e.id = decode($1, 'hex')`,
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
