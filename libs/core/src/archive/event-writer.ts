import type { CoverageRow, NostrEvent } from '@bigbrotr/models';

import { byteaArray, numberArray, textArray } from '../db/arrays.js';
import { type Pool, type Transaction, transaction } from '../db/pool.js';
import { type ArchiveProfile, storeEvents } from './event-rows.js';
import { KnownEvents } from './known-events.js';

/** Judged and not stored; counts as seen in negentropy sets and COUNT proofs. */
export interface DeclinedEvent {
  readonly id: string;
  readonly createdAt: number;
  readonly reason: string;
}

/** A relay URL named in an event, as it stood there. */
export interface Mention {
  readonly raw: string;
  readonly source: string;
}

/** Who works on a relay. Coverage moves only while the lease's epoch is still this one. */
export interface Fence {
  readonly leaseKey: string;
  readonly holder: string;
  readonly epoch: number;
}

/** Intervals to replace, as computed by `coverageChange` of the coverage algebra. */
export interface CoverageCommit {
  readonly filterKey: string;
  readonly deleted: readonly CoverageRow[];
  readonly inserted: readonly CoverageRow[];
  readonly fence: Fence;
}

/** What one answer of one relay proved: committed whole or not at all. */
export interface PageCommit {
  readonly relayId: number;
  /** Unix seconds. */
  readonly seenAt: number;
  /** Verified events that were not known. */
  readonly fresh: readonly NostrEvent[];
  /** Events of the page that are stored already. */
  readonly known: readonly { readonly seq: number; readonly createdAt: number }[];
  readonly declined: readonly DeclinedEvent[];
  readonly mentions: readonly Mention[];
  readonly coverage?: CoverageCommit;
}

export interface CommitResult {
  readonly stored: number;
  /** New (event, relay) pairs. */
  readonly paired: number;
  readonly refused: number;
  /** True when the lease was lost: the events stand, the coverage does not. */
  readonly fenced: boolean;
}

export interface EventWriterOptions {
  readonly profile: ArchiveProfile;
  /** Rows that make a batch worth sending at once. */
  readonly batchRows: number;
  /** How long a page may wait for company, milliseconds. */
  readonly lingerMs: number;
  /** Transactions at a time. Two keep two cores busy; more only fight for locks. */
  readonly maxInFlight: number;
  /** Ids kept in memory, per generation. */
  readonly knownCapacity: number;
}

export const EVENT_WRITER_DEFAULTS = { batchRows: 1_000, lingerMs: 5, maxInFlight: 2, knownCapacity: 100_000 } as const;

interface Waiting {
  readonly page: PageCommit;
  readonly resolve: (result: CommitResult) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The one way into the archive, shared by all jobs of a process. Pages wait for each other a few milliseconds and go
 * down in one transaction. Awaiting {@link commit} is the back-pressure: a job holds one page at a time.
 */
export class EventWriter {
  readonly #options: EventWriterOptions;
  readonly #pool: Pool;
  readonly #known: KnownEvents;
  #waiting: Waiting[] = [];
  #rows = 0;
  #inFlight = 0;
  #linger: NodeJS.Timeout | undefined;

  constructor(options: EventWriterOptions, modules: { readonly pool: Pool }) {
    this.#options = options;
    this.#pool = modules.pool;
    this.#known = new KnownEvents(options.knownCapacity);
  }

  /** Sequence numbers of those `ids` that are stored. */
  known(ids: readonly string[]): Promise<Map<string, number>> {
    return this.#known.find(this.#pool, ids);
  }

  /** Resolves once the page is durable. */
  commit(page: PageCommit): Promise<CommitResult> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ page, resolve, reject });
      this.#rows += page.fresh.length + page.known.length + page.declined.length;
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#waiting.length === 0 || this.#inFlight >= this.#options.maxInFlight) return;
    if (this.#rows >= this.#options.batchRows) {
      this.#flush();
    } else {
      this.#linger ??= setTimeout(() => this.#flush(), this.#options.lingerMs);
    }
  }

  #flush(): void {
    clearTimeout(this.#linger);
    this.#linger = undefined;
    if (this.#inFlight >= this.#options.maxInFlight) return;
    const batch = this.#waiting;
    this.#waiting = [];
    this.#rows = 0;
    this.#inFlight++;
    void this.#write(batch).finally(() => {
      this.#inFlight--;
      this.#schedule();
    });
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    try {
      const written = await transaction(this.#pool, (tx) =>
        writePages(
          tx,
          batch.map((w) => w.page),
          this.#options.profile,
        ),
      );
      for (const [id, seq] of written.seqs) this.#known.add(id, seq);
      batch.forEach((w, i) => {
        const result = written.results[i];
        if (result) w.resolve(result);
        else w.reject(new Error('a page without a result'));
      });
    } catch (error) {
      for (const w of batch) w.reject(error);
    }
  }
}

async function writePages(
  tx: Transaction,
  pages: readonly PageCommit[],
  profile: ArchiveProfile,
): Promise<{ seqs: ReadonlyMap<string, number>; results: CommitResult[] }> {
  const fresh = new Map<string, NostrEvent>();
  for (const page of pages) for (const event of page.fresh) fresh.set(event.id, event);
  const events = await storeEvents(tx, [...fresh.values()], profile);

  const paired = await writeSeen(tx, pages, events.seqs);
  const refused = new Set(events.refused.map((e) => e.id));
  await writeDeclined(tx, pages, refused);
  await writeMentions(tx, pages);

  const inserted = new Set(events.insertedIds);
  const results: CommitResult[] = [];
  for (const page of pages) {
    const fenced = page.coverage ? !(await writeCoverage(tx, page.relayId, page.coverage)) : false;
    results.push({
      // Of two pages with the same new event, the first stored it.
      stored: page.fresh.reduce((n, e) => n + (inserted.delete(e.id) ? 1 : 0), 0),
      paired: paired.get(page.relayId) ?? 0,
      refused: page.fresh.reduce((n, e) => n + (refused.has(e.id) ? 1 : 0), 0),
      fenced,
    });
  }
  return { seqs: events.seqs, results };
}

async function writeSeen(
  tx: Transaction,
  pages: readonly PageCommit[],
  seqs: ReadonlyMap<string, number>,
): Promise<Map<number, number>> {
  const relayIds: number[] = [];
  const createdAts: number[] = [];
  const eventSeqs: number[] = [];
  const seenAts: number[] = [];
  function add(page: PageCommit, seq: number, createdAt: number): void {
    relayIds.push(page.relayId);
    createdAts.push(createdAt);
    eventSeqs.push(seq);
    seenAts.push(page.seenAt);
  }
  for (const page of pages) {
    for (const event of page.fresh) {
      const seq = seqs.get(event.id);
      if (seq !== undefined) add(page, seq, event.created_at);
    }
    for (const { seq, createdAt } of page.known) add(page, seq, createdAt);
  }
  const paired = new Map<number, number>();
  if (relayIds.length === 0) return paired;
  const { rows } = await tx.query<{ relay_id: number; n: number }>({
    name: 'event_seen_put',
    text: 'SELECT relay_id, count(*)::integer AS n FROM event_seen_put($1, $2, $3, $4) GROUP BY relay_id',
    values: [numberArray(relayIds), numberArray(createdAts), numberArray(eventSeqs), numberArray(seenAts)],
  });
  for (const row of rows) paired.set(row.relay_id, row.n);
  return paired;
}

async function writeDeclined(
  tx: Transaction,
  pages: readonly PageCommit[],
  refused: ReadonlySet<string>,
): Promise<void> {
  const rows = pages.flatMap((page) => [
    ...page.declined.map((d) => ({ ...d, relayId: page.relayId, at: page.seenAt })),
    ...page.fresh
      .filter((e) => refused.has(e.id))
      .map((e) => ({
        id: e.id,
        createdAt: e.created_at,
        reason: 'unstorable',
        relayId: page.relayId,
        at: page.seenAt,
      })),
  ]);
  if (rows.length === 0) return;
  await tx.query(
    `INSERT INTO events_declined (relay_id, created_at, event_id, reason, declined_at)
     SELECT DISTINCT ON (i.relay_id, i.created_at, i.event_id) i.relay_id, i.created_at, i.event_id, i.reason, i.declined_at
     FROM unnest($1::integer[], $2::bigint[], $3::bytea[], $4::text[], $5::bigint[]) AS i(relay_id, created_at, event_id, reason, declined_at)
     ORDER BY i.relay_id, i.created_at, i.event_id
     ON CONFLICT DO NOTHING`,
    [
      numberArray(rows.map((r) => r.relayId)),
      numberArray(rows.map((r) => r.createdAt)),
      byteaArray(rows.map((r) => r.id)),
      textArray(rows.map((r) => r.reason)),
      numberArray(rows.map((r) => r.at)),
    ],
  );
}

async function writeMentions(tx: Transaction, pages: readonly PageCommit[]): Promise<void> {
  const rows = new Map<string, { source: string; at: number }>();
  for (const page of pages) {
    for (const { raw, source } of page.mentions)
      if (isStorableKey(raw) && !rows.has(raw)) rows.set(raw, { source, at: page.seenAt });
  }
  if (rows.size === 0) return;
  const mentions = [...rows];
  await tx.query(
    `INSERT INTO mentions (raw, source, found_at)
     SELECT i.raw, i.source, i.found_at FROM unnest($1::text[], $2::text[], $3::bigint[]) AS i(raw, source, found_at)
     ORDER BY i.raw
     ON CONFLICT DO NOTHING`,
    [
      textArray(mentions.map(([raw]) => raw)),
      textArray(mentions.map(([, m]) => m.source)),
      numberArray(mentions.map(([, m]) => m.at)),
    ],
  );
}

/** Text that PostgreSQL takes as it is, short enough for a key. A string of strangers must not fail everyone's batch. */
function isStorableKey(text: string): boolean {
  return text.length <= 2048 && Buffer.byteLength(text) <= 2048 && !text.includes('\0') && text.isWellFormed();
}

async function writeCoverage(tx: Transaction, relayId: number, change: CoverageCommit): Promise<boolean> {
  const { fence, deleted, inserted } = change;
  const { rows } = await tx.query<{ moved: boolean }>({
    name: 'sync_coverage_put',
    text: 'SELECT sync_coverage_put($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) AS moved',
    values: [
      fence.leaseKey,
      fence.holder,
      fence.epoch,
      relayId,
      change.filterKey,
      numberArray(deleted.map((r) => r.since)),
      numberArray(inserted.map((r) => r.since)),
      numberArray(inserted.map((r) => r.until)),
      textArray(inserted.map((r) => r.method)),
      textArray(inserted.map((r) => r.status)),
      textArray(inserted.map((r) => r.reason ?? null)),
      numberArray(inserted.map((r) => r.events)),
      numberArray(inserted.map((r) => r.verifiedAt)),
    ],
  });
  return rows[0]?.moved === true;
}
