import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  findJob,
  handle,
  createJobMetrics,
  createLogger,
  createRegistry,
  createRequestListener,
  maintainJob,
  migrate,
  openWorkerHost,
  syncJob,
} from '@bigbrotr/core';
import { createTestDatabase, needs, until, type TestDatabase } from '@bigbrotr/testing';

import { openSpecApi, type SpecApi, type SpecApiOptions } from '../spec-api.js';

const OPERATOR = { authorization: `Basic ${Buffer.from('me:the-operator').toString('base64')}` };
const VIEWER = { authorization: `Basic ${Buffer.from('me:the-viewer').toString('base64')}` };
const quiet = createLogger({ level: 'silent', pretty: false });

/** Every act that the board knows. */
const ACTS = (
  [
    ['PUT', '/api/queues/pause'],
    ['PUT', '/api/queues/resume'],
    ['POST', '/api/queues/find/add', { name: 'find', data: { source: 'x' }, options: {} }],
    ['PUT', '/api/queues/find/retry/failed'],
    ['PUT', '/api/queues/find/promote'],
    ['PUT', '/api/queues/find/clean/failed'],
    ['PUT', '/api/queues/find/pause'],
    ['PUT', '/api/queues/find/resume'],
    ['PUT', '/api/queues/find/concurrency', { concurrency: 3 }],
    ['PUT', '/api/queues/find/rate-limit', { max: 1, duration: 1 }],
    ['PUT', '/api/queues/find/rate-limit/release'],
    ['PUT', '/api/queues/find/empty'],
    ['PUT', '/api/queues/find/obliterate', { force: true }],
    ['PUT', '/api/queues/dispatch/job-schedulers/x/remove'],
    ['PATCH', '/api/queues/dispatch/job-schedulers/x', { every: 1 }],
    ['PUT', '/api/queues/dispatch/job-schedulers/x/run'],
    ['PUT', '/api/queues/find/1/retry'],
    ['PUT', '/api/queues/find/1/clean'],
    ['PUT', '/api/queues/find/1/promote'],
    ['PATCH', '/api/queues/find/1/update-data', { jobData: {} }],
    ['PATCH', '/api/queues/find/1/delay', { delay: 1 }],
    ['PATCH', '/api/queues/find/1/priority', { priority: 1 }],
    ['PUT', '/api/queues/find/1/remove-unprocessed-children'],
  ] as readonly [string, string, unknown?][]
).map(([method, path, body]) => [method, path, body] as const);

function suite(redisUrl: string | undefined): void {
  let database: TestDatabase;
  let spec: SpecApi;

  beforeAll(async () => {
    database = await createTestDatabase(migrate);
    const redis: Pick<SpecApiOptions, 'redis'> =
      redisUrl === undefined ? {} : { redis: { url: redisUrl, prefix: `spec-${randomUUID()}` } };
    spec = await openSpecApi({
      databaseUrl: database.url,
      ...redis,
      config: {
        api: { token: 'the-operator', viewerToken: 'the-viewer' },
        networks: { tor: { enabled: true, proxyUrl: 'socks5h://127.0.0.1:9' } },
      },
    });
  });

  beforeEach(() => spec.pool.query('DELETE FROM audit_log'));

  afterAll(async () => {
    await spec.close();
    await database.drop();
  });

  async function board(
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: unknown,
  ): Promise<readonly [number, Record<string, unknown>]> {
    const response = await spec.ask(`/queues${path}`, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return [response.status, text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)];
  }

  async function audits(): Promise<{ actor: string; action: string; target: string }[]> {
    return (
      await spec.pool.query<{ actor: string; action: string; target: string }>(
        'SELECT actor, action, target FROM audit_log ORDER BY id',
      )
    ).rows;
  }

  it('shows every queue that exists', async () => {
    const [status, body] = await board('GET', '/api/queues', VIEWER);
    const queues = body['queues'] as { name: string; readOnlyMode: boolean }[];

    expect(status).toBe(200);
    expect(queues.map(({ name }) => name)).toEqual([
      'seed',
      'find',
      'validate-clearnet',
      'validate-tor',
      'monitor-clearnet',
      'monitor-tor',
      'sync-clearnet',
      'sync-tor',
      'publish',
      'dispatch',
      'maintain',
    ]);
    expect(new Set(queues.map(({ readOnlyMode }) => readOnlyMode))).toEqual(new Set([true]));
  });

  it.each(ACTS)('refuses %s %s to the viewer and to nobody', async (method, path, body) => {
    expect(await board(method, path, VIEWER, body)).toMatchObject([
      403,
      { code: 'viewer', error: { key: 'ERRORS.FORBIDDEN' } },
    ]);
    expect((await board(method, path, {}, body))[0]).toBe(401);
    expect((await board(method, path, { ...OPERATOR, origin: 'https://evil.example' }, body))[0]).toBe(403);
    expect(await audits()).toEqual([]);
  });

  it.each(ACTS)('lets the operator do %s %s, and notes it', async (method, path, body) => {
    const [status] = await board(method, path, OPERATOR, body);

    expect(status).not.toBe(401);
    expect(status).not.toBe(403);
    expect(status).toBeLessThan(500);
    expect(await audits()).toMatchObject([
      { actor: 'operator', action: expect.stringMatching(/^board (?:put|post|patch) [a-z]/) },
    ]);
  });

  it('knows every act of the board', async () => {
    const routes = (await import('@bull-board/api/dist/routes.js')) as unknown as {
      appRoutes: { api: { method: string; route: string }[] };
    };
    const acts = routes.appRoutes.api.filter(({ method }) => method !== 'get');
    const tried = acts.filter(({ method, route }) =>
      ACTS.some(
        ([name, path]) =>
          name.toLowerCase() === method && new RegExp(`^${route.replace(/:\w+/g, '[^/]+')}$`).test(path),
      ),
    );

    expect(tried).toEqual(acts);
  });

  it('pauses and resumes for real', async () => {
    await board('PUT', '/api/queues/sync-tor/pause', OPERATOR);
    expect(await spec.bus.isPaused('sync-tor')).toBe(true);
    await board('PUT', '/api/queues/sync-tor/resume', OPERATOR);
    expect(await spec.bus.isPaused('sync-tor')).toBe(false);
    expect(await audits()).toEqual([
      { actor: 'operator', action: 'board put pause', target: 'sync-tor' },
      { actor: 'operator', action: 'board put resume', target: 'sync-tor' },
    ]);
  });

  it('describes the payload of each queue', async () => {
    const [, body] = await board('GET', '/api/queues/sync-clearnet/job-data-schema', OPERATOR);

    expect(body).toMatchObject({ properties: { relayId: { type: 'integer' } }, required: ['relayId'] });
    expect(JSON.stringify(body)).not.toContain('requestId');
  });

  it('adds a job by its contract, once, in front', async () => {
    const add = () =>
      board('POST', '/api/queues/sync-clearnet/add', OPERATOR, {
        name: '__default__',
        data: { relayId: 7 },
        options: {},
      });
    const [status] = await add();
    await add();
    const jobId = await spec.backend.queue('sync-clearnet').getDeduplicationJobId(syncJob.dedup({ v: 1, relayId: 7 }));
    const job = await spec.backend.queue('sync-clearnet').getJob(jobId!);

    expect(status).toBe(200);
    expect((await spec.bus.counts(['sync-clearnet'])).get('sync-clearnet')).toMatchObject({ waiting: 1 });
    expect([job!.name, job!.data, job!.priority]).toEqual(['sync', { v: 1, relayId: 7 }, 1]);
  });

  it.each([
    ['a payload of another shape', { relayId: 'x' }, {}],
    ['a field too many', { relayId: 1, shell: 'rm' }, {}],
    ['options', { relayId: 1 }, { delay: 5 }],
  ])('does not add %s', async (_what, data, options) => {
    const [status, body] = await board('POST', '/api/queues/sync-tor/add', OPERATOR, { name: 'x', data, options });

    expect([status, body]).toMatchObject([422, { message: expect.any(String), error: { key: expect.any(String) } }]);
    expect((await spec.bus.counts(['sync-tor'])).get('sync-tor')).toMatchObject({ depth: 0 });
  });

  it('runs a dead letter again under its key', async () => {
    await spec.bus.enqueue(maintainJob, [{ task: 'board' }]);
    const host = await openWorkerHost(
      { queues: [{ contract: maintainJob, concurrency: 1 }] },
      {
        backend: spec.backend,
        handlers: [handle(maintainJob, () => Promise.resolve({ kind: 'fatal', reason: 'disk full' }))],
        metrics: createJobMetrics(createRegistry()),
        log: quiet,
        onShutDown: () => undefined,
        ...createRequestListener(spec.pool, quiet),
      },
    );
    const [job] = await until(async () => {
      const failed = await spec.backend.queue('maintain').getFailed();
      return failed.length > 0 ? failed : undefined;
    });
    await host.close({ graceMs: 500 });
    await until(async () => (await spec.pool.query('SELECT 1 FROM job_failures')).rowCount);

    expect((await board('PUT', `/api/queues/maintain/${job!.id}/retry`, OPERATOR))[0]).toBe(204);

    const again = await spec.backend.queue('maintain').getDeduplicationJobId('maintain-board');
    expect(again).not.toBeNull();
    expect(again).not.toBe(job!.id);
    expect((await spec.pool.query('SELECT state FROM job_failures')).rows).toEqual([{ state: 'redriven' }]);
  });

  it('does not let a payload be edited', async () => {
    await spec.bus.enqueue(findJob, [{ source: 'edit' }]);
    const jobId = await spec.backend.queue('find').getDeduplicationJobId('find-edit');

    const [status, body] = await board('PATCH', `/api/queues/find/${jobId}/update-data`, OPERATOR, {
      jobData: { v: 1, source: 'other' },
    });

    expect([status, body]).toMatchObject([409, { code: 'job-data' }]);
    expect((await spec.backend.queue('find').getJob(jobId!))!.data).toEqual({ v: 1, source: 'edit' });
  });

  it('hides what is secret by its name', async () => {
    await spec.backend
      .queue('find')
      .add('find', { v: 1, source: 'https://u:hunter2@x.example', token: 'hunter2' }, { jobId: 'secret-1' });

    const [, one] = await board('GET', '/api/queues/find/secret-1', VIEWER);
    const [, all] = await board('GET', '/api/queues?activeQueue=find&status=latest', VIEWER);

    expect(JSON.stringify([one, all])).not.toContain('hunter2');
    expect(JSON.stringify(all)).toContain('secret-1');
  });

  it('serves its page and its files with their own rules', async () => {
    const page = await spec.ask('/queues', { headers: VIEWER });
    const html = await page.text();
    const script = /src="(static\/js\/main\.[^"]+)"/.exec(html)?.[1] ?? '';
    const file = await spec.ask(`/queues/${script}`, { headers: VIEWER });

    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    expect([file.status, file.headers.get('content-type'), file.headers.get('cache-control')]).toEqual([
      200,
      'text/javascript; charset=utf-8',
      'private, max-age=31536000, immutable',
    ]);
    expect((await spec.ask(`/queues/${script}`)).status).toBe(401);
  });

  it('asks a browser for the password', async () => {
    expect((await spec.ask('/queues')).headers.get('www-authenticate')).toContain('Basic realm="BigBrotr"');
  });
}

describe('mountBoard', () => {
  describe('with queues in PostgreSQL', () => suite(undefined));
});

needs('redis')('mountBoard with queues in Redis', () => suite(process.env['BIGBROTR_TEST_REDIS_URL']));
