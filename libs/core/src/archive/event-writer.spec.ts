import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CoverageRow, NostrEvent } from '@bigbrotr/models';
import { createEventFactory, createTestDatabase, type TestDatabase } from '@bigbrotr/testing';

import { migrate } from '../db/migrate.js';
import { createPool, type Pool } from '../db/pool.js';
import { takeLeases } from '../leases/leases.js';
import { readCoverage } from './coverage-store.js';
import { EVENT_WRITER_DEFAULTS, EventWriter, type PageCommit } from './event-writer.js';

const factory = createEventFactory({ seed: 7 });

describe('EventWriter', () => {
  let database: TestDatabase;
  let pool: Pool;
  let relayIds: number[];

  beforeAll(async () => {
    database = await createTestDatabase(migrate);
    pool = createPool(
      {
        url: database.url,
        max: 4,
        connectTimeoutMs: 5_000,
        statementTimeoutMs: 20_000,
        idleTimeoutMs: 5_000,
        applicationName: 'spec',
      },
      () => undefined,
    );
    await pool.query(
      `SELECT relays_insert(ARRAY['wss://a.example', 'wss://b.example'], ARRAY['clearnet', 'clearnet'], ARRAY[1, 1]::bigint[])`,
    );
    relayIds = (await pool.query<{ id: number }>('SELECT id FROM relays ORDER BY url')).rows.map((r) => r.id);
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  function writer(profile: 'full' | 'light' = 'full'): EventWriter {
    return new EventWriter({ ...EVENT_WRITER_DEFAULTS, profile }, { pool });
  }

  function page(events: readonly NostrEvent[], more: Partial<PageCommit> = {}): PageCommit {
    return {
      relayId: relayIds[0]!,
      seenAt: 1_800_000_000,
      fresh: events,
      known: [],
      declined: [],
      mentions: [],
      ...more,
    };
  }

  async function count(sql: string, values: unknown[] = []): Promise<number> {
    return (await pool.query<{ n: number }>(`SELECT count(*)::integer AS n FROM ${sql}`, values)).rows[0]!.n;
  }

  const idsOf = (events: readonly NostrEvent[]) => events.map((e) => Buffer.from(e.id, 'hex'));

  it('stores an event as it came, with its relay', async () => {
    const event = factory.event({
      kind: 1,
      tags: [
        ['e', 'x'.repeat(64), 'hint'],
        ['t', 'quote " and \\ backslash'],
        ['long', 'y'],
      ],
      content: 'ünïcode {"a":1}\n,',
    });

    const result = await writer().commit(page([event]));

    expect(result).toEqual({ stored: 1, paired: 1, refused: 0, fenced: false });
    const { rows } = await pool.query(
      `SELECT encode(id, 'hex') AS id, encode(pubkey, 'hex') AS pubkey, created_at, kind, tags, content, encode(sig, 'hex') AS sig, tagvalues
       FROM events WHERE id = $1`,
      idsOf([event]),
    );
    expect(rows).toEqual([{ ...event, tagvalues: [`e:${'x'.repeat(64)}`, 't:quote " and \\ backslash'] }]);
    expect(
      await count('events_relays WHERE event_id = $1 AND relay_url = $2 AND seen_at = 1800000000', [
        ...idsOf([event]),
        'wss://a.example',
      ]),
    ).toBe(1);
  });

  it('stores an event once, however many relays bring it at once, and each relay with it', async () => {
    const events = factory.many(200);
    const shared = writer();

    const results = await Promise.all(relayIds.map((relayId) => shared.commit(page(events, { relayId }))));

    expect(results.map((r) => r.stored).reduce((a, b) => a + b)).toBe(200);
    expect(results.map((r) => r.paired)).toEqual([200, 200]);
    expect(await count('events WHERE id = ANY ($1)', [idsOf(events)])).toBe(200);
  });

  it('does not deadlock with another process that brings the same events in another order', async () => {
    const events = factory.many(500);
    const writers = [writer(), writer(), writer()];

    await Promise.all(
      writers.map((w, i) =>
        w.commit(page(i % 2 === 0 ? events : [...events].reverse(), { relayId: relayIds[i % 2]! })),
      ),
    );

    expect(
      await count('event_seen s JOIN events e ON e.seq = s.event_seq WHERE e.id = ANY ($1)', [idsOf(events)]),
    ).toBe(1_000);
  });

  it('knows what is stored, and pairs it without its body', async () => {
    const events = factory.many(3);
    await writer().commit(page(events));
    const other = writer();

    const known = await other.known([...events.map((e) => e.id), 'f'.repeat(64)]);
    const result = await other.commit(
      page([], {
        relayId: relayIds[1]!,
        known: [...known].map(([id, seq]) => ({ seq, createdAt: events.find((e) => e.id === id)!.created_at })),
      }),
    );

    expect([...known.keys()].sort()).toEqual(events.map((e) => e.id).sort());
    expect(result).toEqual({ stored: 0, paired: 3, refused: 0, fenced: false });
  });

  it('keeps the bytes of an event that text cannot hold', async () => {
    const event = factory.event({ content: 'before\0after', tags: [['t', 'a\0b']] });

    expect((await writer().commit(page([event]))).stored).toBe(1);

    const { rows } = await pool.query<{ raw: Buffer; content: string | null }>(
      'SELECT raw, content FROM events WHERE id = $1',
      idsOf([event]),
    );
    expect(rows[0]?.content).toBeNull();
    expect(JSON.parse(rows[0]!.raw.toString())).toEqual(event);
  });

  it('stores tag values of any length, and indexes those that fit', async () => {
    const event = factory.event({ tags: [['t', 'z'.repeat(50_000)], ['t', 'short'], ['e'], [], ['', 'v']] });

    expect((await writer().commit(page([event]))).refused).toBe(0);

    const { rows } = await pool.query('SELECT tags, tagvalues FROM events WHERE id = $1', idsOf([event]));
    expect(rows).toEqual([{ tags: event.tags, tagvalues: ['t:short'] }]);
  });

  it('bisects out what the database refuses, and declines it', async () => {
    const good = factory.many(40);
    // A kind that no integer column holds: something that should never get this far.
    const bad = { ...factory.event(), kind: 2 ** 40 };

    const result = await writer().commit(page([...good.slice(0, 20), bad, ...good.slice(20)]));

    expect(result).toEqual({ stored: 40, paired: 40, refused: 1, fenced: false });
    expect(await count(`events_declined WHERE event_id = $1 AND reason = 'unstorable'`, idsOf([bad]))).toBe(1);
  });

  it('leaves tags and content out in the light profile, and still marks what expires', async () => {
    const event = factory.event({
      tags: [
        ['expiration', '1700000123'],
        ['t', 'x'],
      ],
      content: 'hello\0',
    });

    await writer('light').commit(page([event]));

    const { rows } = await pool.query(
      'SELECT tags, tagvalues, content, raw, expires_at FROM events WHERE id = $1',
      idsOf([event]),
    );
    expect(rows).toEqual([{ tags: null, tagvalues: null, content: null, raw: null, expires_at: 1_700_000_123 }]);
  });

  it('keeps mentions once, and drops those that no key can hold', async () => {
    const mentions = ['wss://x.example', 'wss://x.example', 'bad\0', 'w'.repeat(5_000)].map((raw) => ({
      raw,
      source: 'kind:10002',
    }));

    await writer().commit(page([], { mentions }));

    expect((await pool.query('SELECT raw, source FROM mentions')).rows).toEqual([
      { raw: 'wss://x.example', source: 'kind:10002' },
    ]);
  });

  describe('with coverage', () => {
    const row: CoverageRow = {
      since: 0,
      until: 99,
      method: 'page',
      status: 'complete',
      events: 1,
      verifiedAt: 1_800_000_000,
    };

    async function lease(key: string): Promise<{ leaseKey: string; holder: string; epoch: number }> {
      const taken = await takeLeases(pool, [{ key, limit: 1 }], 'me', 10_000);
      if (!taken.ok) throw new Error('lease not free');
      return { leaseKey: key, holder: 'me', epoch: taken.epoch };
    }

    it('moves it together with the events', async () => {
      const fence = await lease('relay:cover-1');
      const event = factory.event();

      const result = await writer().commit(
        page([event], { coverage: { filterKey: 'k1', deleted: [], inserted: [row], fence } }),
      );

      expect(result).toMatchObject({ stored: 1, fenced: false });
      expect(await readCoverage(pool, relayIds[0]!, 'k1')).toEqual([row]);
    });

    it('replaces rows', async () => {
      const fence = await lease('relay:cover-2');
      const w = writer();
      await w.commit(page([], { coverage: { filterKey: 'k2', deleted: [], inserted: [row], fence } }));
      const next: CoverageRow = { ...row, until: 200, status: 'saturated', reason: 'dense-second' };

      await w.commit(page([], { coverage: { filterKey: 'k2', deleted: [row], inserted: [next], fence } }));

      expect(await readCoverage(pool, relayIds[0]!, 'k2')).toEqual([next]);
    });

    it('keeps the events of a stale holder, not its coverage, and nobody else suffers', async () => {
      const stale = await lease('relay:cover-3');
      await pool.query(`UPDATE leases SET expires_at = now() - interval '1 second' WHERE key = 'relay:cover-3'`);
      await takeLeases(pool, [{ key: 'relay:cover-3', limit: 1 }], 'other', 10_000);
      const fence = await lease('relay:cover-4');
      const w = writer();
      const [a, b] = [factory.event(), factory.event()];

      const [fenced, fine] = await Promise.all([
        w.commit(page([a], { coverage: { filterKey: 'k3', deleted: [], inserted: [row], fence: stale } })),
        w.commit(
          page([b], { relayId: relayIds[1]!, coverage: { filterKey: 'k3', deleted: [], inserted: [row], fence } }),
        ),
      ]);

      expect(fenced).toMatchObject({ stored: 1, fenced: true });
      expect(fine).toMatchObject({ stored: 1, fenced: false });
      expect(await readCoverage(pool, relayIds[0]!, 'k3')).toEqual([]);
      expect(await readCoverage(pool, relayIds[1]!, 'k3')).toEqual([row]);
    });
  });
});
