import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EVENT_WRITER_DEFAULTS, EventWriter, migrate } from '@bigbrotr/core';
import { checkEventId, matchesFilter, type Filter, type NostrEvent } from '@bigbrotr/models';
import { createEventFactory, createTestDatabase, type TestDatabase } from '@bigbrotr/testing';
import fc from 'fast-check';

import { openSpecApi, type SpecApi } from '../spec-api.js';

const NOW = Math.floor(Date.now() / 1_000);
const AT = 1_700_000_000;
const factory = createEventFactory({ seed: 11 });

const KINDS = [0, 1, 3, 7];
const TOPICS = ['nostr', 'art, and more', 'ünïcode "x"\\y'];

/** Few authors, kinds, topics and seconds: every filter meets ties. */
const CORPUS: readonly NostrEvent[] = Array.from({ length: 120 }, (_, i) =>
  factory.event({
    author: i % 3,
    kind: KINDS[(i * 7) % KINDS.length]!,
    created_at: AT + (i % 17),
    tags: [
      ['t', TOPICS[i % TOPICS.length]!],
      ['e', String(i % 5).repeat(64)],
    ],
    content: `event ${i}`,
  }),
);
const EXPIRED = factory.event({ kind: 1, created_at: AT + 500, tags: [['expiration', String(NOW - 60)]] });
const LASTING = factory.event({ kind: 1, created_at: AT + 600, tags: [['expiration', String(NOW + 3_600)]] });
const WITH_NUL = factory.event({ kind: 1, created_at: AT + 700, content: 'before\0after' });
const SPECIAL = [EXPIRED, LASTING, WITH_NUL];

interface Page {
  readonly items: readonly NostrEvent[];
  readonly next: string | null;
}

describe('eventRoutes', () => {
  let database: TestDatabase;
  let spec: SpecApi;
  let relayIds: number[];

  beforeAll(async () => {
    database = await createTestDatabase(migrate);
    spec = await openSpecApi({ databaseUrl: database.url });
    await spec.pool.query(
      `SELECT relays_insert(ARRAY['wss://a.example', 'wss://b.example'], ARRAY['clearnet', 'clearnet'], ARRAY[1, 1]::bigint[])`,
    );
    relayIds = (await spec.pool.query<{ id: number }>('SELECT id FROM relays ORDER BY url')).rows.map(({ id }) => id);
    await store([...CORPUS, ...SPECIAL], relayIds[1]!, 3_000);
  });

  afterAll(async () => {
    await spec.close();
    await database.drop();
  });

  async function store(
    events: readonly NostrEvent[],
    relayId: number,
    seenAt: number,
    profile: 'full' | 'light' = 'full',
  ): Promise<void> {
    const writer = new EventWriter({ ...EVENT_WRITER_DEFAULTS, profile }, { pool: spec.pool });
    await writer.commit({ relayId, seenAt, fresh: events, known: [], declined: [], mentions: [] });
  }

  async function page(query: string): Promise<Page> {
    const [status, body] = await spec.json(`/v1/events?${query}`);
    expect([status, body]).toMatchObject([200, { items: expect.any(Array) }]);
    return body as Page;
  }

  async function pages(query: string): Promise<NostrEvent[]> {
    const all: NostrEvent[] = [];
    let next: string | null = '';
    while (next !== null) {
      const { items, next: after }: Page = await page(`${query}${next === '' ? '' : `&cursor=${next}`}`);
      all.push(...items);
      next = after;
    }
    return all;
  }

  /** What NIP-01 says of the whole corpus. */
  function truth(filter: Filter): NostrEvent[] {
    return [...CORPUS, LASTING, WITH_NUL]
      .filter((event) => matchesFilter(filter, event))
      .sort((a, b) => b.created_at - a.created_at || (a.id < b.id ? -1 : 1));
  }

  function queryOf(filter: Filter): string {
    const query = new URLSearchParams();
    for (const name of ['ids', 'authors', 'kinds'] as const) if (filter[name]) query.set(name, filter[name].join(','));
    for (const name of ['since', 'until'] as const)
      if (filter[name] !== undefined) query.set(name, String(filter[name]));
    for (const [name, values] of Object.entries(filter)) {
      if (name.startsWith('#')) for (const value of values as string[]) query.append(`tag.${name.slice(1)}`, value);
    }
    return query.toString();
  }

  const authors = [...new Set(CORPUS.map(({ pubkey }) => pubkey))];
  const some = <T>(values: readonly T[]) =>
    fc.option(fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 }), { nil: undefined });
  const time = fc.option(fc.integer({ min: AT - 1, max: AT + 18 }), { nil: undefined });
  const filters = fc
    .record({
      ids: fc.option(fc.uniqueArray(fc.constantFrom(...CORPUS.map(({ id }) => id)), { minLength: 1, maxLength: 20 }), {
        nil: undefined,
        freq: 3,
      }),
      authors: some([...authors, 'f'.repeat(64)]),
      kinds: some([...KINDS, 9]),
      '#t': some([...TOPICS, 'other']),
      '#e': some(['0'.repeat(64), '1'.repeat(64), '9'.repeat(64)]),
      since: time,
      until: time,
    })
    .map((filter) => JSON.parse(JSON.stringify(filter)) as Filter);

  it('answers any filter as NIP-01 does, over pages of any size', async () => {
    await fc.assert(
      fc.asyncProperty(filters, fc.integer({ min: 1, max: 60 }), async (filter, limit) => {
        const expected = truth(filter);
        const found = await pages(`${queryOf(filter)}&limit=${Math.max(limit, Math.ceil(expected.length / 4))}`);

        expect(found).toEqual(expected);
      }),
      { seed: 42, numRuns: 150 },
    );
  }, 60_000);

  it('gives the newest hundred when nothing is asked', async () => {
    const { items, next } = await page('');

    expect(items).toEqual(truth({}).slice(0, 100));
    expect(next).not.toBeNull();
  });

  it('takes lists between commas and given again alike', async () => {
    expect((await page('kinds=0,3&limit=500')).items).toEqual((await page('kinds=0&kinds=3&limit=500')).items);
  });

  it('hides what has expired, unless asked', async () => {
    const hidden = await page(`ids=${EXPIRED.id},${LASTING.id}`);
    const shown = await page(`ids=${EXPIRED.id},${LASTING.id}&expired=true`);

    expect(hidden.items.map(({ id }) => id)).toEqual([LASTING.id]);
    expect(shown.items).toEqual([LASTING, EXPIRED]);
    expect(await spec.json(`/v1/events/${EXPIRED.id}`)).toMatchObject([404, { code: 'event-expired' }]);
    expect(await spec.json(`/v1/events/${EXPIRED.id}?expired=true`)).toMatchObject([
      200,
      { id: EXPIRED.id, expiresAt: NOW - 60 },
    ]);
  });

  it('serves an event whole that text cannot hold', async () => {
    const { items } = await page(`ids=${WITH_NUL.id}`);

    expect(items).toEqual([WITH_NUL]);
    expect(checkEventId(items[0]!)).toBe(true);
  });

  it('gives one event with the relays that hold it, the first one first', async () => {
    const event = CORPUS[5]!;
    await store([event], relayIds[0]!, 2_000);

    const response = await spec.ask(`/v1/events/${event.id}`);

    expect(response.headers.get('etag')).toBeTruthy();
    expect(await response.json()).toEqual({
      ...event,
      expiresAt: null,
      deletedAt: null,
      relays: [
        { id: relayIds[0], url: 'wss://a.example', seenAt: 2_000 },
        { id: relayIds[1], url: 'wss://b.example', seenAt: 3_000 },
      ],
    });
  });

  it('says what the light profile does not keep', async () => {
    const event = factory.event({ kind: 30_000, tags: [['d', 'x']], content: 'gone' });
    await store([event], relayIds[0]!, 2_000, 'light');

    expect((await page(`ids=${event.id}`)).items).toEqual([{ ...event, tags: null, content: null }]);
  });

  it.each([
    'ids=abc',
    `ids=${'A'.repeat(64)}`,
    `authors=${'a'.repeat(63)}`,
    'kinds=1.5',
    'kinds=70000',
    'kinds=',
    'since=-1',
    'since=99999999999999',
    'limit=501',
    'tag.ee=x',
    'tag.=x',
    '%23e=x',
    'search=x',
    'expired=1',
    'cursor=eyJ9',
    `tag.e=${'x'.repeat(1_025)}`,
    'tag.t=a%00b',
    'tag.a=1&tag.b=1&tag.c=1&tag.d=1&tag.e=1&tag.f=1',
    `ids=${Array.from({ length: 501 }, () => 'a'.repeat(64)).join(',')}`,
    `authors=${Array.from({ length: 200 }, (_, i) => String(i).padStart(64, '0')).join(',')}&kinds=${Array.from({ length: 50 }, (_, i) => i).join(',')}`,
  ])('answers 400 to %.60s', async (query) => {
    expect(await spec.json(`/v1/events?${query}`)).toMatchObject([400, { status: 400 }]);
  });

  it.each([
    [`/v1/events/${'0'.repeat(64)}`, 404],
    ['/v1/events/xyz', 400],
  ])('%s: %d', async (path, status) => {
    expect((await spec.ask(path)).status).toBe(status);
  });

  it('takes 500 ids at once', async () => {
    const ids = [...CORPUS.map(({ id }) => id), ...Array.from({ length: 380 }, (_, i) => String(i).padStart(64, '0'))];

    expect((await page(`ids=${ids.join(',')}&limit=500`)).items).toHaveLength(CORPUS.length);
  });
});
