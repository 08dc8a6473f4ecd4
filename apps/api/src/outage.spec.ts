import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { migrate, pendingJobRequests } from '@bigbrotr/core';
import {
  createRandom,
  createTestDatabase,
  needs,
  startTcpServer,
  until,
  type Random,
  type TestDatabase,
} from '@bigbrotr/testing';

import type { OpenApiDocument, OpenApiOperation } from './docs/openapi.js';
import { openSpecApi, type SpecApi } from './spec-api.js';

/** A way to a server that can be cut, mended, and blocked. */
interface Way {
  readonly url: string;
  cut(): Promise<void>;
  mend(): Promise<void>;
  /** Connections stay, and nothing moves on them any more. */
  block(): void;
}

async function wayTo(target: string): Promise<Way> {
  const { hostname, port } = new URL(target);
  const pairs = new Set<Socket>();
  const serve = (socket: Socket): void => {
    const onward = connect(Number(port), hostname);
    pairs.add(socket).add(onward);
    onward.on('error', () => socket.destroy());
    socket.on('close', () => onward.destroy());
    onward.on('close', () => socket.destroy());
    socket.pipe(onward);
    onward.pipe(socket);
  };
  let server = await startTcpServer(serve);
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String(server.port);
  return {
    url: url.href,
    cut: () => server.close(),
    async mend() {
      server = await startTcpServer(serve, { port: Number(url.port) });
    },
    block() {
      for (const socket of pairs) socket.unpipe().pause();
    },
  };
}

const JUNK = [
  '',
  ' ',
  '0',
  '-1',
  '1e999',
  'NaN',
  'null',
  'true',
  '[]',
  '{}',
  '\0',
  '\u0000x',
  '%',
  '%00',
  "'; DROP TABLE events; --",
  '\\',
  '../../etc/passwd',
  '<script>',
  '💥',
  '\ud800',
  'a'.repeat(5_000),
  '__proto__',
  'constructor',
  '99999999999999999999',
  '0x10',
  '1,2,3',
  ',,,',
  'wss://[::1',
  'ws://169.254.169.254',
  '$1',
  '{{7*7}}',
];
const VALID_BODIES = [
  { kind: 'seed', urls: ['wss://a.example'] },
  { kind: 'find', source: 'mentions' },
  { kind: 'validate', relay: 'wss://a.example' },
  { kind: 'sync', relay: 'wss://a.example' },
  { kind: 'maintain', task: 'orphans' },
];
const TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/json, text/html',
  '',
  'x',
];
const LEAKS = /node_modules|\.ts:|\bat \w+ \(|SELECT |postgres:|ECONN|hostname|stack|syntax error/;

interface Endpoint {
  readonly path: string;
  readonly method: string;
  readonly operation: OpenApiOperation;
}

function junkBody(random: Random): string {
  const body: Record<string, unknown> = { ...random.pick(VALID_BODIES) };
  switch (random.below(5)) {
    case 0:
      return random.pick(JUNK);
    case 1:
      return JSON.stringify(random.pick<unknown>([[], [body], 7, 'x', null, { kind: body }]));
    case 2:
      return JSON.stringify(body).slice(0, random.below(30));
    default: {
      const field = random.pick(Object.keys(body));
      body[field] = random.pick<unknown>([null, 7, [], {}, [random.pick(JUNK)], random.pick(JUNK), { deep: [[[[]]]] }]);
      if (random.chance(0.2)) body[random.pick(JUNK)] = 1;
      return JSON.stringify(body);
    }
  }
}

/** A request that is wrong in one way or in many. */
function junkRequest({ path, method, operation }: Endpoint, random: Random): readonly [string, RequestInit] {
  const { parameters = [], requestBody } = operation;
  const filled = path.replace(/\{\w+\}/g, () =>
    encodeURIComponent((random.chance(0.3) ? randomUUIDLike(random) : random.pick(JUNK)).toWellFormed()),
  );
  const query = new URLSearchParams();
  for (const { name, in: place } of parameters)
    if (place === 'query' && random.chance(0.3)) query.append(name, random.pick(JUNK));
  if (random.chance(0.2)) query.append(random.pick(JUNK), random.pick(JUNK));
  const headers: Record<string, string> = {};
  if (random.chance(0.2)) headers['if-none-match'] = random.pick(['"', 'W/', '*, *', 'x'.repeat(3_000)]);
  if (random.chance(0.2)) headers['idempotency-key'] = random.pick(['', 'é', 'x'.repeat(300), 'a b']);
  if (random.chance(0.1))
    headers['authorization'] = random.pick(['Basic', 'Basic !!!', 'Bearer', 'Negotiate x', 'x'.repeat(3_000)]);
  const hasBody = method !== 'get' && (requestBody !== undefined || random.chance(0.3));
  const type = random.pick(TYPES);
  if (hasBody && type !== '') headers['content-type'] = type;
  return [
    `${filled}?${query.toString()}`,
    { method: method.toUpperCase(), headers, ...(hasBody && { body: junkBody(random) }) },
  ];
}

function randomUUIDLike(random: Random): string {
  const hex = random.hex(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}

describe('the API under bad input and outages', () => {
  let database: TestDatabase;
  let spec: SpecApi | undefined;
  let ways: Way[] = [];

  beforeAll(async () => {
    database = await createTestDatabase(migrate);
  });

  afterEach(async () => {
    await spec?.close();
    spec = undefined;
    await Promise.all(ways.map((way) => way.cut()));
    ways = [];
  });

  afterAll(() => database.drop());

  async function way(target: string): Promise<Way> {
    const made = await wayTo(target);
    ways.push(made);
    return made;
  }

  async function endpoints(api: SpecApi): Promise<Endpoint[]> {
    const { paths } = (await (await api.ask('/openapi.json')).json()) as OpenApiDocument;
    return Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    );
  }

  /** Asks every endpoint badly, so many times each. Gives what must not be. */
  async function attack(api: SpecApi, times: number, allowed: readonly number[]): Promise<string[]> {
    const random = createRandom(7);
    const faults: string[] = [];
    for (const endpoint of await endpoints(api)) {
      const requests = Array.from({ length: times }, () => junkRequest(endpoint, random));
      while (requests.length > 0) await Promise.all(requests.splice(0, 20).map((request) => judge(...request)));
    }
    return faults;

    async function judge(path: string, init: RequestInit): Promise<void> {
      const response = await api.ask(path, { ...init, signal: AbortSignal.timeout(10_000) });
      const isStream = response.headers.get('content-type')?.startsWith('text/event-stream');
      const text = isStream ? '' : await response.text();
      const { status } = response;
      const isFine = status < 500 || (allowed.includes(status) && response.headers.get('retry-after') !== null);
      if (isFine && !LEAKS.test(status < 400 ? '' : text)) return;
      faults.push(
        `${status} ${init.method ?? ''} ${path.slice(0, 200)} ${JSON.stringify(init.headers)} ${JSON.stringify(init.body).slice(0, 200)} → ${text.slice(0, 300)}`,
      );
    }
  }

  const UNLIMITED = { rate: { burst: 1e6, perSecond: 1e6 } };

  it('never answers 5xx to 200 bad requests for each endpoint, and tells no secrets', async () => {
    spec = await openSpecApi({ databaseUrl: database.url, limits: UNLIMITED });

    expect(await attack(spec, 200, [])).toEqual([]);
    expect(spec.lines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  }, 60_000);

  describe('without PostgreSQL', () => {
    it('answers 503 with Retry-After, and as before when it is back', async () => {
      const postgres = await way(database.url);
      spec = await openSpecApi({ databaseUrl: postgres.url, limits: UNLIMITED });
      const api = spec;
      expect((await api.ask('/v1/relays')).status).toBe(200);
      await postgres.cut();

      for (const path of [
        '/v1/relays',
        '/v1/relays/1',
        '/v1/events',
        '/v1/stats',
        '/v1/failures',
        '/v1/queues',
        '/queues/api/queues',
      ]) {
        const response = await api.ask(path);
        expect([path, response.status, response.headers.get('retry-after')]).toEqual([path, 503, '5']);
      }
      expect((await api.post('/v1/jobs', { kind: 'find', source: 'a' }))[0]).toBe(503);
      expect((await api.ask('/healthz')).status).toBe(200);
      expect((await api.ask('/readyz')).status).toBe(503);
      expect((await api.ask('/docs')).status).toBe(200);
      expect(await attack(api, 20, [503])).toEqual([]);

      await postgres.mend();
      await until(async () => (await api.ask('/v1/relays')).status === 200);
    }, 60_000);
  });

  needs('redis')('without Redis', () => {
    async function openOn(redis: Way): Promise<SpecApi> {
      spec = await openSpecApi({
        databaseUrl: database.url,
        redis: { url: redis.url, prefix: `spec-${randomUUID()}` },
        limits: UNLIMITED,
      });
      return spec;
    }

    it('takes jobs, reads, and says of the rest that it will be back', async () => {
      const redis = await way(process.env['BIGBROTR_TEST_REDIS_URL'] ?? '');
      const api = await openOn(redis);
      await redis.cut();

      const [status, job] = await api.post('/v1/jobs', { kind: 'maintain', task: 'while-away' });
      const { id } = job as { id: string };

      expect([status, job]).toMatchObject([202, { status: 'queued' }]);
      expect((await pendingJobRequests(api.pool, 10)).map((request) => request.id)).toContain(id);
      expect((await api.json(`/v1/jobs/${id}`))[0]).toBe(200);
      expect((await api.json('/v1/relays'))[0]).toBe(200);
      expect((await api.ask('/queues')).status).toBe(200);
      for (const path of ['/v1/queues', '/queues/api/queues']) {
        const response = await api.ask(path);
        expect([path, response.status, response.headers.get('retry-after')]).toEqual([path, 503, '5']);
      }
      expect(await api.post('/v1/queues/find/pause')).toMatchObject([503, { code: 'queue-unavailable' }]);
      expect(await api.json(`/v1/jobs/${id}`, { method: 'DELETE' })).toMatchObject([200, { status: 'cancelled' }]);
      expect(await attack(api, 20, [503])).toEqual([]);

      await redis.mend();
      await until(async () => (await api.ask('/v1/queues')).status === 200, { timeoutMs: 30_000 });
    }, 60_000);

    it('lets nobody wait for a Redis that hangs', async () => {
      const redis = await way(process.env['BIGBROTR_TEST_REDIS_URL'] ?? '');
      const api = await openOn(redis);
      redis.block();
      const started = performance.now();

      const [status] = await api.post('/v1/jobs', { kind: 'find', source: 'hanging' });

      expect(status).toBe(202);
      expect(performance.now() - started).toBeLessThan(4_000);
    }, 30_000);
  });
});
