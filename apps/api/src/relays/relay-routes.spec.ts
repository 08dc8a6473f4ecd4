import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { migrate, recordStatus, storeChecks, type StoredCheck } from '@bigbrotr/core';
import type { RelayStatus } from '@bigbrotr/models';
import { createTestDatabase, type TestDatabase } from '@bigbrotr/testing';

import { openSpecApi, type SpecApi } from '../spec-api.js';

interface Listed {
  readonly items: readonly Record<string, unknown>[];
  readonly next: string | null;
}

const DAY = 86_400;
const NOW = Math.floor(Date.now() / 1_000);

const nip11 = (data: Record<string, unknown>): StoredCheck => ({
  type: 'nip11_info',
  success: true,
  durationMs: 5,
  data,
});
const rtt = (ms: number): StoredCheck => ({ type: 'nip66_rtt', success: true, durationMs: ms, data: { rtt_open: ms } });
const geo = (country: string): StoredCheck => ({
  type: 'nip66_geo',
  success: true,
  durationMs: 1,
  data: { geo_country: country },
});

/** name → status, checks now. */
const RELAYS: readonly [string, RelayStatus, readonly StoredCheck[]][] = [
  ['wss://a.example', 'online', [nip11({ supported_nips: [1, 11, 77], software: 'strfry' }), rtt(30), geo('CH')]],
  [
    'wss://b.example',
    'auth',
    [nip11({ supported_nips: [1, 42], limitation: { auth_required: true } }), rtt(300), geo('DE')],
  ],
  ['wss://c.example', 'unreachable', []],
  [
    'wss://d.example',
    'online',
    [
      nip11({ supported_nips: [1, 77], software: 'git+https://x/STRFRY', limitation: { payment_required: true } }),
      rtt(80),
    ],
  ],
  [`ws://${'a'.repeat(56)}.onion`, 'online', [nip11({ name: '"quoted", with comma' })]],
];

describe('relayRoutes', () => {
  let database: TestDatabase;
  let spec: SpecApi;
  let idOf: (url: string) => number;

  beforeAll(async () => {
    database = await createTestDatabase(migrate);
    spec = await openSpecApi({ databaseUrl: database.url });
    for (const [i, [url]] of RELAYS.entries()) {
      await spec.pool.query('SELECT relays_insert($1, $2, $3::bigint[])', [
        [url],
        [url.includes('onion') ? 'tor' : 'clearnet'],
        [1_000 + i],
      ]);
    }
    const { rows } = await spec.pool.query<{ id: number; url: string }>('SELECT id, url FROM relays');
    const ids = new Map(rows.map(({ id, url }) => [url, id]));
    idOf = (url) => ids.get(url)!;
    for (const [i, [url, status, checks]] of RELAYS.entries()) {
      await recordStatus(spec.pool, idOf(url), { status, seen: status !== 'unreachable', at: 2_000 + i });
      if (checks.length > 0) await storeChecks(spec.pool, url, NOW, checks);
    }
  });

  afterAll(async () => {
    await spec.close();
    await database.drop();
  });

  async function list(query: string): Promise<Listed> {
    const [status, body] = await spec.json(`/v1/relays${query}`);
    expect([status, body]).toMatchObject([200, { items: expect.any(Array) }]);
    return body as Listed;
  }

  const names = ({ items }: Listed) =>
    items.map(({ url }) => (url as string).replace(/^wss?:\/\/(.)[^.]*\.(.).*$/, '$1$2'));

  it('shows what is known of a relay', async () => {
    expect((await list('?url=wss://a.example')).items).toEqual([
      {
        id: idOf('wss://a.example'),
        url: 'wss://a.example',
        network: 'clearnet',
        status: 'online',
        reason: null,
        since: 2_000,
        discoveredAt: 1_000,
        lastSeenAt: 2_000,
      },
    ]);
  });

  it.each([
    ['', 'ae be ce de ao'],
    ['?network=tor', 'ao'],
    ['?network=tor,clearnet', 'ae be ce de ao'],
    ['?status=online', 'ae de ao'],
    ['?status=online&status=auth', 'ae be de ao'],
    ['?nip=77', 'ae de'],
    ['?nip=1,42', 'be'],
    ['?software=strfry', 'ae de'],
    ['?auth=true', 'be'],
    ['?auth=false', 'ae de ao'],
    ['?payment=true', 'de'],
    ['?country=ch', 'ae'],
    ['?country=CH,DE', 'ae be'],
    ['?maxRtt=80', 'ae de'],
    ['?maxRtt=80&status=online&nip=77&country=CH', 'ae'],
    ['?url=WSS://B.example:443/', 'be'],
    ['?url=wss://unknown.example', ''],
    ['?sort=-id', 'ao de ce be ae'],
    ['?sort=url', 'ao ae be ce de'],
    ['?sort=-seen', 'ao de be ae ce'],
    ['?sort=discovered', 'ae be ce de ao'],
    ['?sort=rtt', 'ae de be ce ao'],
  ])('%s gives %s', async (query, expected) => {
    expect(names(await list(query)).join(' ')).toBe(expected);
  });

  it.each(['id', '-id', 'url', '-url', 'discovered', '-discovered', 'seen', '-seen', 'rtt', '-rtt'])(
    'gives every relay once over the pages of %s',
    async (sort) => {
      const whole = names(await list(`?sort=${sort}`));
      const paged: string[] = [];
      let cursor = '';
      do {
        const page = await list(`?sort=${sort}&limit=2${cursor}`);
        paged.push(...names(page));
        cursor = page.next === null ? '' : `&cursor=${page.next}`;
      } while (cursor !== '');

      expect(paged).toEqual(whole);
    },
  );

  it.each([
    ['?status=up', 400],
    ['?network=freenet', 400],
    ['?nip=-1', 400],
    ['?limit=0', 400],
    ['?limit=1e9', 400],
    ['?sort=name', 400],
    ['?format=xml', 400],
    ['?stauts=online', 400],
    ['?url=https://a.example', 400],
    ['?url=a&url=b', 400],
    ['?auth=yes', 400],
    ['?cursor=x', 400],
  ])('%s: %d', async (query, status) => {
    expect((await spec.ask(`/v1/relays${query}`)).status).toBe(status);
  });

  it('refuses the cursor of another order', async () => {
    const { next } = await list('?sort=url&limit=2');

    expect((await spec.ask(`/v1/relays?sort=seen&limit=2&cursor=${next}`)).status).toBe(400);
  });

  it('gives plain text that a client can use as it is', async () => {
    const response = await spec.ask('/v1/relays?format=text&status=online&network=clearnet');

    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(await response.text()).toBe('wss://a.example\nwss://d.example\n');
  });

  it('gives CSV', async () => {
    await recordStatus(spec.pool, idOf('wss://c.example'), {
      status: 'unreachable',
      reason: 'said "no", twice',
      seen: false,
      at: 2_002,
    });

    const response = await spec.ask('/v1/relays?format=csv&status=unreachable');

    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(await response.text()).toBe(
      `id,url,network,status,reason,since,discovered_at,last_seen_at\r\n${idOf('wss://c.example')},wss://c.example,clearnet,unreachable,"said ""no"", twice",2002,1002,\r\n`,
    );
  });

  it('names the next page of a text in a header', async () => {
    const response = await spec.ask('/v1/relays?format=text&limit=2&sort=url');
    const [, link] = /^<(.*)>; rel="next"$/.exec(response.headers.get('link') ?? '') ?? [];

    expect(await (await spec.ask(link ?? '')).text()).toBe('wss://b.example\nwss://c.example\n');
  });

  it('answers 304 to whoever has it', async () => {
    const first = await spec.ask('/v1/relays');
    const etag = first.headers.get('etag') ?? '';
    const second = await spec.ask('/v1/relays', { headers: { 'if-none-match': etag } });
    const other = await spec.ask('/v1/relays?limit=1', { headers: { 'if-none-match': etag } });

    expect(first.headers.get('cache-control')).toBe('public, max-age=30');
    expect([second.status, await second.text(), second.headers.get('etag')]).toEqual([304, '', etag]);
    expect(other.status).toBe(200);
  });

  it('tells a relay with its documents, its uptime and its events', async () => {
    const id = idOf('wss://a.example');
    await storeChecks(spec.pool, 'wss://a.example', NOW - 2 * DAY, [
      { type: 'nip66_rtt', success: false, reason: 'timeout', durationMs: 9 },
    ]);
    await storeChecks(spec.pool, 'wss://a.example', NOW + 1, [
      { type: 'nip11_info', success: false, reason: 'http-500', durationMs: 9 },
    ]);
    await spec.pool.query(
      'INSERT INTO event_seen (relay_id, created_at, event_seq, seen_at) SELECT $1, i, i, i FROM generate_series(1, 7) i',
      [id],
    );

    const [status, relay] = await spec.json(`/v1/relays/${id}`);

    expect(status).toBe(200);
    expect(relay).toMatchObject({
      id,
      url: 'wss://a.example',
      uptime: [
        { days: 1, checks: 1, passed: 1, share: 1 },
        { days: 7, checks: 2, passed: 1, share: 0.5 },
        { days: 30, checks: 2, passed: 1, share: 0.5 },
      ],
      events: { count: 7, exact: true },
      links: { metadata: `/v1/relays/${id}/metadata`, coverage: `/v1/relays/${id}/coverage` },
    });
    expect((relay as { documents: unknown[] }).documents).toEqual([
      // The check failed; what it said before is still shown.
      {
        type: 'nip11_info',
        checkedAt: NOW + 1,
        success: false,
        reason: 'http-500',
        durationMs: 9,
        documentAt: NOW,
        data: { supported_nips: [1, 11, 77], software: 'strfry' },
      },
      {
        type: 'nip66_rtt',
        checkedAt: NOW,
        success: true,
        reason: null,
        durationMs: 30,
        documentAt: NOW,
        data: { rtt_open: 30 },
      },
      {
        type: 'nip66_geo',
        checkedAt: NOW,
        success: true,
        reason: null,
        durationMs: 1,
        documentAt: NOW,
        data: { geo_country: 'CH' },
      },
    ]);
  });

  it('tells of a relay that was never checked', async () => {
    const [status, relay] = await spec.json(`/v1/relays/${idOf('wss://c.example')}`);

    expect([status, relay]).toMatchObject([
      200,
      { documents: [], uptime: [{ share: null }, {}, {}], events: { count: 0, exact: true } },
    ]);
  });

  it('lists the checks of a relay, newest first, page by page', async () => {
    const id = idOf('wss://d.example');
    for (const at of [NOW - 300, NOW - 200, NOW - 100])
      await storeChecks(spec.pool, 'wss://d.example', at, [rtt(at % 1_000), nip11({ at })]);
    const all = (await spec.json(`/v1/relays/${id}/metadata`))[1] as Listed;
    const paged: unknown[] = [];
    let cursor = '';
    do {
      const page = (await spec.json(`/v1/relays/${id}/metadata?limit=3${cursor}`))[1] as Listed;
      paged.push(...page.items);
      cursor = page.next === null ? '' : `&cursor=${page.next}`;
    } while (cursor !== '');
    const some = (
      await spec.json(`/v1/relays/${id}/metadata?type=nip66_rtt&since=${NOW - 200}&until=${NOW - 100}`)
    )[1] as Listed;

    expect(all.items.map(({ generatedAt }) => generatedAt)).toEqual([
      NOW,
      NOW,
      NOW - 100,
      NOW - 100,
      NOW - 200,
      NOW - 200,
      NOW - 300,
      NOW - 300,
    ]);
    expect(paged).toEqual(all.items);
    expect(all.items[0]).toMatchObject({
      type: 'nip66_rtt',
      success: true,
      metadataId: expect.stringMatching(/^[0-9a-f]{64}$/),
      data: { rtt_open: 80 },
    });
    expect(some.items.map(({ generatedAt, type }) => [generatedAt, type])).toEqual([
      [NOW - 100, 'nip66_rtt'],
      [NOW - 200, 'nip66_rtt'],
    ]);
  });

  it('lists what is proven of a relay', async () => {
    const id = idOf('wss://b.example');
    const rows = [
      ['{}', 0, 99, 'negentropy', 'complete', null, 12, 500],
      ['{}', 100, 199, 'page', 'partial', 'timeout', 3, 600],
      ['{"kinds":[1]}', 0, 50, 'count', 'complete', null, 0, 700],
    ];
    for (const row of rows) {
      await spec.pool.query(
        'INSERT INTO sync_coverage (relay_id, filter_key, since, until, method, status, reason, events, verified_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)',
        [id, ...row],
      );
    }

    const all = (await spec.json(`/v1/relays/${id}/coverage`))[1] as Listed;
    const first = (await spec.json(`/v1/relays/${id}/coverage?limit=2`))[1] as Listed;
    const rest = (await spec.json(`/v1/relays/${id}/coverage?limit=2&cursor=${first.next}`))[1] as Listed;

    expect(all.items).toContainEqual({
      filter: '{}',
      since: 100,
      until: 199,
      method: 'page',
      status: 'partial',
      reason: 'timeout',
      events: 3,
      verifiedAt: 600,
    });
    expect([...first.items, ...rest.items]).toEqual(all.items);
    expect([all.items.length, rest.next]).toEqual([3, null]);
  });

  it.each(['/v1/relays/999999', '/v1/relays/999999/metadata', '/v1/relays/999999/coverage'])(
    '%s: 404',
    async (path) => {
      expect(await spec.json(path)).toMatchObject([404, { code: 'relay-unknown' }]);
    },
  );

  it.each(['/v1/relays/0', '/v1/relays/abc', '/v1/relays/99999999999', '/v1/relays/-1', '/v1/relays/1e3'])(
    '%s: 400',
    async (path) => {
      expect((await spec.ask(path)).status).toBe(400);
    },
  );
});
