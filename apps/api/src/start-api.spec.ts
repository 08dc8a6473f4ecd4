import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { appConfigSchema, createRegistry, ListenError, migrate } from '@bigbrotr/core';
import { createTestDatabase, until, type TestDatabase } from '@bigbrotr/testing';

import { openSpecApi, type SpecApi, type SpecApiOptions } from './spec-api.js';
import { startApi } from './start-api.js';

const OPERATOR = { authorization: 'Bearer the-operator' };
const VIEWER = { authorization: 'Bearer the-viewer' };
const BODY = { kind: 'find', source: 'mentions' };

describe('startApi', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase(migrate);
  });

  afterAll(() => database.drop());

  let opened: SpecApi[] = [];

  async function open(options: Omit<SpecApiOptions, 'databaseUrl'>): Promise<SpecApi> {
    const spec = await openSpecApi({ databaseUrl: database.url, ...options });
    opened.push(spec);
    return spec;
  }

  afterEach(async () => {
    await Promise.all(opened.map((spec) => spec.close()));
    opened = [];
  });

  describe('without a token', () => {
    let spec: SpecApi;

    beforeAll(async () => {
      spec = await openSpecApi({ databaseUrl: database.url, limits: { requestMs: 700, bodyBytes: 10_000 } });
    });

    afterAll(() => spec.close());

    /** Speaks HTTP by hand: fetch writes the Host itself. Gives all that comes until the server hangs up. */
    async function talk(...sent: string[]): Promise<string> {
      const socket = await dial();
      let received = '';
      socket.on('data', (data: Buffer) => (received += data.toString()));
      for (const text of sent) socket.write(text);
      await once(socket, 'close');
      return received;
    }

    async function dial(): Promise<Socket> {
      const socket = connect(spec.api.port, '127.0.0.1');
      socket.on('error', () => undefined); // a reset is one way of hanging up
      await once(socket, 'connect');
      return socket;
    }

    function request(line: string, headers: Record<string, string>, body = ''): string {
      const all = {
        connection: 'close',
        ...(body && { 'content-length': String(body.length), 'content-type': 'application/json' }),
        ...headers,
      };
      return `${line} HTTP/1.1\r\n${Object.entries(all)
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join('')}\r\n${body}`;
    }

    it('serves what every role serves', async () => {
      expect(await spec.json('/healthz')).toEqual([200, { status: 'ok' }]);
      expect(await spec.json('/readyz')).toMatchObject([200, { status: 'ready' }]);
      expect(await (await spec.ask('/metrics')).text()).toContain('bigbrotr_http_requests_total');
    });

    it('lets this machine change things', async () => {
      expect((await spec.post('/v1/jobs', BODY))[0]).toBe(202);
    });

    it.each([
      ['a foreign Host', { host: 'evil.example' }, 403],
      ['a foreign page', { host: 'localhost', origin: 'https://evil.example' }, 403],
      ['a form', { host: 'localhost', 'content-type': 'application/x-www-form-urlencoded' }, 415],
      ['plain text', { host: 'localhost', 'content-type': 'text/plain' }, 415],
    ])('refuses %s', async (_what, headers, status) => {
      const before = await countRequests();

      expect(await talk(request('POST /v1/jobs', headers, JSON.stringify(BODY)))).toMatch(
        new RegExp(`^HTTP/1.1 ${status} `),
      );
      expect(await countRequests()).toBe(before);
    });

    it('shows neither the board nor dead letters under a foreign name', async () => {
      for (const path of ['/queues', '/queues/', '/queues/api/queues', '/v1/failures']) {
        expect(await talk(request(`GET ${path}`, { host: 'evil.example' }))).toMatch(/^HTTP\/1.1 403 /);
      }
    });

    it('reads to anybody, under any name', async () => {
      expect(await talk(request('GET /v1/relays', { host: 'evil.example' }))).toMatch(/^HTTP\/1.1 200 /);
    });

    it.each([
      ['GET', '/v1/nothing', 404, null],
      ['GET', '/__proto__', 404, null],
      ['GET', '/queues/static/../../package.json', 404, null],
      ['GET', '/queues/static/%2e%2e/%2e%2e/package.json', 404, null],
      ['PUT', '/v1/relays', 405, 'GET, HEAD'],
      ['GET', '/v1/jobs', 405, 'POST'],
      ['PATCH', '/v1/jobs/9a5b5a3e-0a4e-4a4c-9a3e-0a4e4a4c9a3e', 405, 'GET, HEAD, DELETE'],
      ['GET', '/%zz', 400, null],
    ])('answers %s %s with %d', async (method, path, status, allow) => {
      const response = await spec.ask(path, { method });

      expect([response.status, response.headers.get('allow')]).toEqual([status, allow]);
      expect(response.headers.get('content-type')).toContain('application/problem+json');
      expect(await response.json()).toMatchObject({
        type: 'about:blank',
        status,
        title: expect.any(String),
        code: expect.any(String),
      });
    });

    it.each([
      ['no JSON', '{"kind":', 400],
      ['a dangerous key', '{"__proto__":{"x":1},"kind":"find","source":"a"}', 400],
      ['an empty body', '', 400],
      ['another shape', '[]', 400],
      ['a large body', `{"kind":"find","source":"${'x'.repeat(20_000)}"}`, 413],
    ])('answers to %s', async (_what, body, status) => {
      const [found, problem] = await spec.post('/v1/jobs', body);

      expect(found).toBe(status);
      expect(JSON.stringify(problem)).not.toMatch(/node_modules|SyntaxError|at /);
    });

    it('names every fault of a request', async () => {
      const [status, problem] = await spec.json('/v1/events?limit=0&kinds=1,x&foo=1');

      expect(status).toBe(400);
      expect((problem as { errors: { field: string }[] }).errors.map(({ field }) => field).sort()).toEqual([
        '',
        'kinds.1',
        'limit',
      ]);
    });

    it('stops reading a body of 100 MB, and says so', async () => {
      const socket = await dial();
      let received = '';
      socket.on('data', (data: Buffer) => (received += data.toString()));
      socket.write(
        `POST /v1/jobs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 104857600\r\n\r\n`,
      );
      const chunk = 'x'.repeat(65_536);
      let sent = 0;
      while (!socket.destroyed && received === '' && sent < 104_857_600) {
        socket.write(chunk);
        sent += chunk.length;
        await new Promise((resolve) => setImmediate(resolve));
      }
      socket.destroy();

      expect(received).toMatch(/^HTTP\/1.1 413 /);
      expect(sent).toBeLessThan(50_000_000);
    });

    it('hangs up on a client that never ends its request, and tells it', async () => {
      const socket = await dial();
      let received = '';
      socket.on('data', (data: Buffer) => (received += data.toString()));
      const drip = setInterval(() => socket.write('x-drip: 1\r\n'), 50);
      socket.write('GET /v1/stats HTTP/1.1\r\n');
      const started = performance.now();

      await once(socket, 'close');
      clearInterval(drip);

      expect(performance.now() - started).toBeLessThan(4_000);
      expect(received).toMatch(/^HTTP\/1.1 408 .*problem\+json/s);
    });

    it('refuses headers that are too large, and says so', async () => {
      const answer = await talk(`GET /v1/events?ids=${'a'.repeat(70_000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`);

      expect(answer).toMatch(/^HTTP\/1.1 431 .*problem\+json/s);
    });

    it('says what is no HTTP', async () => {
      expect(await talk('\u0016\u0003\u0001 hello\r\n\r\n')).toMatch(/^HTTP\/1.1 400 .*problem\+json/s);
    });

    it('has strict headers, on answers and on errors', async () => {
      for (const path of ['/v1/stats', '/nothing', '/v1/events?limit=x']) {
        const { headers } = await spec.ask(path);

        expect(headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'");
        expect(headers.get('x-content-type-options')).toBe('nosniff');
        expect(headers.get('referrer-policy')).toBe('no-referrer');
      }
    });

    it('lets pages of other sites read, and no more', async () => {
      const origin = { origin: 'https://app.example' };
      const read = await spec.ask('/v1/relays', { headers: origin });
      const error = await spec.ask('/v1/relays?nip=x', { headers: origin });
      const asked = await spec.ask('/v1/relays', {
        method: 'OPTIONS',
        headers: { ...origin, 'access-control-request-method': 'GET' },
      });
      const letters = await spec.ask('/v1/failures', { headers: origin });
      const posting = await spec.ask('/v1/jobs', {
        method: 'OPTIONS',
        headers: { ...origin, 'access-control-request-method': 'POST' },
      });

      expect([read, error, asked].map(({ headers }) => headers.get('access-control-allow-origin'))).toEqual([
        '*',
        '*',
        '*',
      ]);
      expect([asked.status, asked.headers.get('access-control-allow-methods')]).toEqual([204, 'GET, HEAD']);
      expect([letters, posting].map(({ headers }) => headers.get('access-control-allow-origin'))).toEqual([null, null]);
    });

    it('counts requests by route, not by path', async () => {
      await spec.ask('/v1/relays/123456');
      const metrics = await (await spec.ask('/metrics')).text();

      expect(metrics).toContain('bigbrotr_http_requests_total{method="GET",route="/v1/relays/:id",status="404"}');
      expect(metrics).not.toContain('123456');
    });

    async function countRequests(): Promise<number> {
      return (await spec.pool.query<{ n: number }>('SELECT count(*)::integer AS n FROM job_requests')).rows[0]!.n;
    }
  });

  describe('with tokens', () => {
    let spec: SpecApi;

    beforeAll(async () => {
      spec = await openSpecApi({
        databaseUrl: database.url,
        config: { api: { host: '0.0.0.0', token: 'the-operator', viewerToken: 'the-viewer' } },
      });
    });

    afterAll(() => spec.close());

    it.each<[string, string, Record<string, string>, number]>([
      ['POST', '/v1/jobs', {}, 401],
      ['POST', '/v1/jobs', { authorization: 'Bearer wrong' }, 401],
      ['POST', '/v1/jobs', VIEWER, 403],
      ['POST', '/v1/jobs', OPERATOR, 202],
      ['GET', '/v1/failures', {}, 401],
      ['GET', '/v1/failures', VIEWER, 403],
      ['GET', '/v1/failures', OPERATOR, 200],
      ['GET', '/v1/queues', {}, 200],
      ['GET', '/v1/relays', { authorization: 'Bearer wrong' }, 200],
      ['GET', '/queues', {}, 401],
      ['GET', '/queues', VIEWER, 200],
      ['GET', '/queues', OPERATOR, 200],
      ['GET', '/queues/static/js/nothing.js', {}, 401],
    ])('%s %s with %p: %d', async (method, path, headers, status) => {
      const response = await spec.ask(path, {
        method,
        headers: { ...headers, ...(method === 'POST' && { 'content-type': 'application/json' }) },
        ...(method === 'POST' && { body: JSON.stringify(BODY) }),
      });

      expect(response.status).toBe(status);
      if (status === 401) expect(response.headers.get('www-authenticate')).toContain('Basic');
    });

    it('notes who did what, and what came of it', async () => {
      await spec.pool.query('DELETE FROM audit_log');
      await spec.post('/v1/queues/find/pause', undefined, OPERATOR);
      await spec.post('/v1/queues/nothing/pause', undefined, OPERATOR);
      await spec.post('/v1/queues/find/resume', undefined, VIEWER);
      await spec.post('/v1/queues/find/resume', undefined, OPERATOR);
      const read = async () =>
        (await spec.pool.query<{ detail: object }>(`SELECT actor, action, target, detail FROM audit_log ORDER BY id`))
          .rows;
      await until(async () => (await read()).every(({ detail }) => 'status' in detail));

      expect(await read()).toEqual([
        { actor: 'operator', action: 'queue.pause', target: 'find', detail: { from: '127.0.0.1', status: 200 } },
        { actor: 'operator', action: 'queue.pause', target: 'nothing', detail: { from: '127.0.0.1', status: 404 } },
        { actor: 'operator', action: 'queue.resume', target: 'find', detail: { from: '127.0.0.1', status: 200 } },
      ]);
    });

    it('never writes a token down', async () => {
      await spec.ask('/v1/failures?state=x', { headers: OPERATOR });

      expect(spec.lines.join('')).not.toMatch(/the-operator|the-viewer/);
    });

    it('gives an address that this machine can open', () => {
      expect(spec.api.url).toBe(`http://127.0.0.1:${spec.api.port}`);
    });
  });

  it('changes nothing without a token beyond this machine', async () => {
    const spec = await open({ config: { api: { host: '0.0.0.0' } } });

    expect(await spec.post('/v1/jobs', BODY)).toMatchObject([403, { code: 'no-token' }]);
    expect((await spec.ask('/queues')).status).toBe(403);
    expect((await spec.ask('/v1/relays')).status).toBe(200);
  });

  it('bounds what one client asks, except the operator', async () => {
    const spec = await open({
      config: { api: { token: 'the-operator' } },
      limits: { rate: { burst: 5, perSecond: 0.1 } },
    });
    const ask = (headers: Record<string, string> = {}) => spec.ask('/v1/relays', { headers });

    const statuses: number[] = [];
    for (let i = 0; i < 7; i++) statuses.push((await ask()).status);
    const refused = await ask();

    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429]);
    expect(await refused.json()).toMatchObject({ code: 'rate-limit' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await ask(OPERATOR)).status).toBe(200);
    expect((await ask({ 'x-forwarded-for': '203.0.113.9' })).status).toBe(200);
    expect((await spec.ask('/healthz')).status).toBe(200);
  });

  it('names the port that is in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const spec = await open({});
    const { port } = taken.address() as AddressInfo;
    const config = appConfigSchema([]).parse({ api: { port } });

    const second = startApi(config, { ...spec, registry: createRegistry(), checks: {}, log: { ...console } as never });

    await expect(second).rejects.toThrow(ListenError);
    await expect(second).rejects.toMatchObject({ code: 'port-in-use', detail: { port } });
    taken.close();
  });
});
