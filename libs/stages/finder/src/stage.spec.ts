import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  appConfigSchema,
  createBus,
  createHandOver,
  createLogger,
  createPool,
  migrate,
  migrateQueueSchema,
  openQueueBackend,
  type Bus,
  type JobContext,
  type Outcome,
  type Pool,
  type QueueBackend,
} from '@bigbrotr/core';
import { createTestDatabase, type TestDatabase } from '@bigbrotr/testing';
import { createDialer, type Dialer } from '@bigbrotr/utils';

import { FinderConfig } from './config.js';
import { findInMentions } from './sources/mentions.js';
import { finderStage } from './stage.js';

describe('finderStage', () => {
  let database: TestDatabase;
  let pool: Pool;
  let backend: QueueBackend;
  let bus: Bus;
  let dialer: Dialer;
  const servers: Server[] = [];
  const lines: string[] = [];
  const log = createLogger({ level: 'debug', pretty: false }, { destination: { write: (line) => lines.push(line) } });
  const never = new AbortController().signal;
  const context: JobContext = {
    queue: 'find',
    jobId: 'j',
    attempt: 1,
    stalls: 0,
    interactive: false,
    deadlineAt: Infinity,
    progress: () => Promise.resolve(),
  };

  beforeAll(async () => {
    database = await createTestDatabase(migrate);
    pool = createPool(
      {
        url: database.url,
        max: 8,
        connectTimeoutMs: 5_000,
        statementTimeoutMs: 20_000,
        idleTimeoutMs: 5_000,
        applicationName: 'spec',
      },
      () => undefined,
    );
    await migrateQueueSchema(pool);
    backend = await openQueueBackend({ backend: 'postgres', pool }, { log });
    bus = createBus(backend);
    const off = { enabled: false, timeoutMs: 1_000 };
    dialer = createDialer({
      networks: { clearnet: off, tor: off, i2p: off, loki: off, local: { enabled: true, timeoutMs: 2_000 } },
    });
  });

  afterAll(async () => {
    await dialer.close();
    await backend.close();
    await pool.end();
    await database.drop();
  });

  beforeEach(async () => {
    await pool.query('TRUNCATE candidates, candidate_sources, periodic_tasks, mentions');
    await backend.queue('validate-clearnet').obliterate({ force: true });
    lines.length = 0;
  });

  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.close();
      server.closeAllConnections();
    }
  });

  async function serve(listener: RequestListener): Promise<string> {
    const server = createServer(listener);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/relays`;
  }

  async function run(source: string, config: object = {}, networks: object = {}): Promise<Outcome> {
    const running = await finderStage.start(
      { finder: FinderConfig.parse(config) },
      {
        pool,
        httpGet: dialer.httpGet,
        handOver: createHandOver(bus, log),
        networks: appConfigSchema([]).parse({ networks }).networks,
        log,
        now: () => 9_000,
      },
    );
    return running.registrations[0]!.run({ v: 1, source }, context, never);
  }

  const api = (url: string, more: object = {}) => ({
    api: { timeout: '300ms', maxBytes: 4_096, sources: [{ name: 'list', url, ...more }] },
  });

  async function candidates(): Promise<string[]> {
    const { rows } = await pool.query<{ url: string }>('SELECT url FROM candidates ORDER BY url');
    return rows.map((r) => r.url);
  }

  async function dueInHours(key: string): Promise<number> {
    const { rows } = await pool.query<{ hours: number; failures: number }>(
      'SELECT (extract(epoch FROM next_due_at - now()) / 3600)::float8 AS hours FROM periodic_tasks WHERE key = $1',
      [key],
    );
    return Math.round(rows[0]!.hours);
  }

  const mention = (...raws: string[]) =>
    pool.query("INSERT INTO mentions SELECT r, 'kind:10002', 5 FROM unnest($1::text[]) AS r", [raws]);
  const mentionsLeft = async () => (await pool.query('SELECT raw FROM mentions')).rowCount;

  describe('mentions', () => {
    it('become candidates and jobs, and leave the outbox, junk too', async () => {
      await mention('wss://a.example.com', 'wss://b.example.comwss://c.example.com', 'junk', 'ws://127.0.0.1:1');

      expect(await run('mentions')).toEqual({ kind: 'done', result: 'found' });

      expect(await candidates()).toEqual(['wss://a.example.com', 'wss://b.example.com', 'wss://c.example.com']);
      expect(await mentionsLeft()).toBe(0);
      expect((await pool.query('SELECT DISTINCT source FROM candidate_sources')).rows).toEqual([
        { source: 'kind:10002' },
      ]);
      expect((await bus.counts(['validate-clearnet'])).get('validate-clearnet')?.waiting).toBe(3);
    });

    it('bring nothing new the second time', async () => {
      await mention('wss://a.example.com');
      await run('mentions');
      await mention('wss://a.example.com');

      expect(await run('mentions')).toEqual({ kind: 'done', result: 'nothing-new' });
      expect(await mentionsLeft()).toBe(0);
    });

    it('are drained batch after batch', async () => {
      await mention(...Array.from({ length: 25 }, (_, i) => `wss://r${i}.example.com`));

      await run('mentions', { mentions: { batch: 10 } });

      expect(await candidates()).toHaveLength(25);
      expect(await mentionsLeft()).toBe(0);
    });

    it('stay where they are when no candidate can be made of them', async () => {
      await mention('wss://a.example.com');
      await pool.query('ALTER TABLE candidates RENAME TO candidates_away');
      try {
        await expect(run('mentions')).rejects.toThrow(/candidates/);
      } finally {
        await pool.query('ALTER TABLE candidates_away RENAME TO candidates');
      }
      expect(await mentionsLeft()).toBe(1);
    });

    it('are shared, not doubled, by two that drain at once', async () => {
      await mention(...Array.from({ length: 200 }, (_, i) => `wss://r${i}.example.com`));
      const drain = () => findInMentions({ batch: 20, local: false, at: 1 }, { pool }, never);

      const results = await Promise.all([drain(), drain(), drain()]);

      expect(results.reduce((sum, r) => sum + (r.ok ? r.seen : 0), 0)).toBe(200);
      expect(results.reduce((sum, r) => sum + (r.ok ? r.added.length : 0), 0)).toBe(200);
    });

    it('of local relays count only where they may be discovered', async () => {
      await mention('ws://127.0.0.1:7000');
      await run('mentions', {}, { local: { enabled: true } });
      expect(await candidates()).toEqual([]);

      await mention('ws://127.0.0.1:7000');
      await run('mentions', {}, { local: { enabled: true, discover: true } });
      expect(await candidates()).toEqual(['ws://127.0.0.1:7000']);
    });
  });

  describe('an HTTP list', () => {
    const json =
      (value: unknown): RequestListener =>
      (_, response) =>
        response.setHeader('content-type', 'application/json').end(JSON.stringify(value));

    it.each<[string, unknown, object]>([
      ['is the answer', ['wss://a.example.com', 7, null], {}],
      ['stands at a path', { data: { relays: ['wss://a.example.com'] } }, { path: 'data.relays' }],
      ['has objects', [{ url: 'wss://a.example.com' }, 'no object', { url: 3 }], { field: 'url' }],
      ['has objects at a path', { items: [{ u: 'wss://a.example.com' }] }, { path: 'items', field: 'u' }],
    ])('%s', async (_, answer, where) => {
      const url = await serve(json(answer));

      expect(await run('api:list', api(url, where))).toEqual({ kind: 'done', result: 'found' });

      expect(await candidates()).toEqual(['wss://a.example.com']);
      expect((await pool.query('SELECT source FROM candidate_sources')).rows).toEqual([{ source: 'api:list' }]);
      expect(await dueInHours('api:list')).toBe(6);
    });

    it('may begin with a byte order mark', async () => {
      const url = await serve((_, response) => response.end('\uFEFF["wss://a.example.com"]'));

      expect(await run('api:list', api(url))).toEqual({ kind: 'done', result: 'found' });
    });

    it.each<[string, RequestListener, object, string]>([
      ['HTML', (_, response) => response.setHeader('content-type', 'text/html').end('<html>'), {}, 'not-a-list'],
      ['an object', json({ relays: ['wss://a.example.com'] }), {}, 'not-a-list'],
      ['a path that is not there', json({ relays: [] }), { path: 'relays.nope' }, 'not-a-list'],
      ['a 404', (_, response) => response.writeHead(404).end('[]'), {}, 'http-404'],
      ['too much', json(Array.from({ length: 500 }, () => 'wss://a.example.com')), {}, 'too-large'],
      ['nothing, for ever', () => undefined, {}, 'timeout'],
      ['half of it, for ever', (_, response) => void response.write('["wss://a.example.com",'), {}, 'timeout'],
      ['a cut line', (request) => request.socket.destroy(), {}, 'reset'],
    ])('that answers %s is a failed source, not a failed job', async (_, listener, where, reason) => {
      const url = await serve(listener);

      expect(await run('api:list', api(url, where))).toEqual({ kind: 'done', result: 'source-failed' });

      expect(JSON.parse(lines.find((line) => line.includes('source failed')) ?? '{}')).toMatchObject({ reason });
      expect(await candidates()).toEqual([]);
      expect((await pool.query("SELECT failures FROM periodic_tasks WHERE key = 'api:list'")).rows).toEqual([
        { failures: 1 },
      ]);
      expect(await dueInHours('api:list')).toBe(6);
    });

    it('that is switched off is no source', async () => {
      const url = await serve(json([]));

      expect(await run('api:list', api(url, { enabled: false }))).toMatchObject({ kind: 'fatal' });
      expect((await pool.query('SELECT key FROM periodic_tasks')).rows).toEqual([{ key: 'mentions' }]);
    });
  });

  it('refuses two sources of one name', () => {
    const source = { name: 'twice', url: 'https://api.example.com' };

    expect(FinderConfig.safeParse({ api: { sources: [source, source] } }).success).toBe(false);
    expect(FinderConfig.safeParse({ api: { sources: [source] } }).success).toBe(true);
  });
});
