import type { Queryable } from '@bigbrotr/core';
import type { NostrEvent } from '@bigbrotr/models';

import type { Archive } from './compare.js';
import { CLAIM_STANDS } from './demo-home.js';
import { verdictOfCandidate } from './verdict.js';

/** The one network that the demo lives in. */
const NETWORK = 'local';
/** What is due later than this is not waited for. */
const HORIZON = '60 seconds';

export interface ArchiveProgress {
  readonly events: number;
  readonly sightings: number;
  /** Events by URL of the relay. */
  readonly seenOn: ReadonlyMap<string, number>;
  readonly verdicts: ReadonlyMap<string, string>;
}

export async function readProgress(db: Queryable): Promise<ArchiveProgress> {
  const seen = await db.query<{ url: string; events: number }>(
    'SELECT r.url, count(s.event_seq) AS events FROM relays r LEFT JOIN event_seen s ON s.relay_id = r.id GROUP BY r.id',
  );
  const events = await db.query<{ events: number }>('SELECT count(*) AS events FROM events');
  const seenOn = new Map(seen.rows.map(({ url, events }) => [url, events]));
  const sightings = [...seenOn.values()].reduce((sum, count) => sum + count, 0);
  return { events: events.rows[0]?.events ?? 0, sightings, seenOn, verdicts: await readVerdicts(db) };
}

/**
 * Whether nothing is left to do: every list is read, no mention waits, and of the tasks none is due within a minute,
 * claimed and not rescheduled since, or at work under a lease. One statement is one moment, and each stage hands on in
 * the transaction in which it ends, so there is no gap to fall into. Stamps would not do: a task that ends while it is
 * claimed may bear a claim that is the younger one.
 */
export async function isSettled(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ settled: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM relays UNION ALL SELECT 1 FROM candidates)
       AND NOT EXISTS (SELECT 1 FROM periodic_tasks WHERE stage IN ('seeder', 'finder') AND finished_at IS NULL)
       AND NOT EXISTS (SELECT 1 FROM mentions)
       AND NOT EXISTS (SELECT 1 FROM candidates
         WHERE network = $1 AND NOT exhausted AND (next_due_at < now() + $2::interval OR claimed_at IS NOT NULL))
       AND NOT EXISTS (SELECT 1 FROM relay_tasks
         WHERE network = $1 AND NOT disabled AND (next_due_at < now() + $2::interval OR next_due_at = claimed_at + $3::interval))
       AND NOT EXISTS (SELECT 1 FROM leases WHERE holder IS NOT NULL AND expires_at > now())
       AND NOT EXISTS (SELECT 1 FROM job_requests WHERE status IN ('queued', 'running')) AS settled`,
    [NETWORK, HORIZON, CLAIM_STANDS],
  );
  return rows[0]?.settled === true;
}

/** All of it, for {@link compare}. */
export async function readArchive(db: Queryable): Promise<Archive> {
  const sightings = await db.query<{ eventId: string; url: string }>(
    `SELECT encode(event_id, 'hex') AS "eventId", relay_url AS url FROM events_relays`,
  );
  return { events: await readEvents(db), sightings: sightings.rows, verdicts: await readVerdicts(db) };
}

type EventRow = Omit<NostrEvent, 'tags' | 'content'> & {
  readonly tags: string[][] | null;
  readonly content: string | null;
  readonly raw: Buffer | null;
};

async function readEvents(db: Queryable): Promise<NostrEvent[]> {
  const { rows } = await db.query<EventRow>(
    `SELECT encode(id, 'hex') AS id, encode(pubkey, 'hex') AS pubkey, created_at, kind, tags, content, encode(sig, 'hex') AS sig, raw FROM events`,
  );
  return rows.map(({ raw, ...row }) => {
    // What text cannot hold is kept as bytes, beside the columns that can.
    const { tags, content } = raw === null ? row : (JSON.parse(raw.toString()) as NostrEvent);
    return { ...row, tags: tags ?? [], content: content ?? '' };
  });
}

async function readVerdicts(db: Queryable): Promise<ReadonlyMap<string, string>> {
  const relays = await db.query<{ url: string; status: string }>('SELECT url, status FROM relays');
  const candidates = await db.query<{ url: string; failures: number; reason: string | null }>(
    'SELECT url, failures, reason FROM candidates WHERE network = $1',
    [NETWORK],
  );
  return new Map([
    ...candidates.rows.map((candidate) => [candidate.url, verdictOfCandidate(candidate)] as const),
    ...relays.rows.map(({ url, status }) => [url, status] as const),
  ]);
}
