import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createJobMetrics,
  createLogger,
  createRegistry,
  createRequestListener,
  findJob,
  handle,
  maintainJob,
  migrate,
  openWorkerHost,
  type JobContext,
  type Outcome,
  type WorkerHost,
} from '@bigbrotr/core';
import { createTestDatabase, needs, until, type TestDatabase } from '@bigbrotr/testing';

import { openSpecApi, type SpecApi, type SpecApiOptions } from '../spec-api.js';
import type { JobView } from './job-view.js';

const quiet = createLogger({ level: 'silent', pretty: false });

type Work = (context: JobContext, signal: AbortSignal, payload: { readonly task?: string }) => Promise<Outcome>;

function suite(redisUrl: string | undefined): void {
  let database: TestDatabase;
  let spec: SpecApi;
  let host: WorkerHost | undefined;

  beforeAll(async () => {
    database = await createTestDatabase(migrate);
    const redis: Pick<SpecApiOptions, 'redis'> =
      redisUrl === undefined ? {} : { redis: { url: redisUrl, prefix: `spec-${randomUUID()}` } };
    spec = await openSpecApi({
      databaseUrl: database.url,
      ...redis,
      config: { networks: { local: { enabled: true } } },
      limits: { pollMs: 50, heartbeatMs: 100, streams: 5, streamsPerClient: 4 },
    });
    await spec.pool.query(`SELECT relays_insert(ARRAY['wss://known.example'], ARRAY['clearnet'], ARRAY[1]::bigint[])`);
  });

  afterEach(async () => {
    await host?.close({ graceMs: 200 });
    host = undefined;
  });

  afterAll(async () => {
    await spec.close();
    await database.drop();
  });

  /** A process of its own, as far as jobs are concerned. */
  async function work(act: Work): Promise<void> {
    host = await openWorkerHost(
      {
        queues: [
          { contract: maintainJob, concurrency: 1 },
          { contract: findJob, concurrency: 1 },
        ],
      },
      {
        backend: spec.backend,
        handlers: [
          handle(maintainJob, (payload, context, signal) => act(context, signal, payload)),
          handle(findJob, (_payload, context, signal) => act(context, signal, {})),
        ],
        metrics: createJobMetrics(createRegistry()),
        log: quiet,
        onShutDown: () => undefined,
        ...createRequestListener(spec.pool, quiet),
      },
    );
  }

  async function submit(body: unknown, headers?: Record<string, string>): Promise<JobView> {
    const [status, job] = await spec.post('/v1/jobs', body, headers);
    expect([status, job]).toMatchObject([202, { links: {} }]);
    return job as JobView;
  }

  const freshTask = () => ({ kind: 'maintain', task: `t${randomUUID().slice(0, 8)}` });
  const read = async (id: string) => (await spec.json(`/v1/jobs/${id}`))[1] as JobView;
  const reaches = (id: string, status: JobView['status']) => until(async () => (await read(id)).status === status);

  it('takes a request, has it done, and tells of it', async () => {
    const response = await spec.ask('/v1/jobs', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'maintain', task: 'statistics' }),
    });
    const job = (await response.json()) as JobView;
    const self = `/v1/jobs/${job.id}`;

    expect([response.status, response.headers.get('location')]).toEqual([202, self]);
    expect(job).toMatchObject({
      status: 'queued',
      queue: 'maintain',
      request: { kind: 'maintain', task: 'statistics' },
      links: { self, events: `${self}/events`, cancel: self, retry: `${self}/retry` },
    });
    await work(() => Promise.resolve({ kind: 'done', result: 'swept' }));
    await reaches(job.id, 'done');
    expect(await read(job.id)).toMatchObject({ result: 'swept', error: null, finishedAt: expect.any(String) });
  });

  it.each([
    ['validate', { kind: 'validate', relay: 'wss://new.example' }, 'validate-clearnet'],
    ['validate, on the local network', { kind: 'validate', relay: 'ws://127.0.0.1:7777' }, 'validate-local'],
    ['monitor', { kind: 'monitor', relay: 'wss://KNOWN.example/' }, 'monitor-clearnet'],
    ['sync', { kind: 'sync', relay: 'wss://known.example:443' }, 'sync-clearnet'],
    ['seed', { kind: 'seed', urls: ['wss://a.example', 'nonsense'] }, 'seed'],
    ['publish', { kind: 'publish', what: 'profile' }, 'publish'],
  ])('sends %s to its queue', async (_what, body, queue) => {
    expect((await submit(body)).queue).toBe(queue);
  });

  it('answers at once about a relay that needs no proof', async () => {
    expect(await submit({ kind: 'validate', relay: 'wss://known.example' })).toMatchObject({
      status: 'done',
      result: 'known relay',
    });
  });

  it.each([
    ['an unknown relay', { kind: 'sync', relay: 'wss://unknown.example' }, 404, 'relay-unknown', undefined],
    [
      'an unknown relay, to monitor',
      { kind: 'monitor', relay: 'wss://unknown.example' },
      404,
      'relay-unknown',
      undefined,
    ],
    [
      'the metadata service',
      { kind: 'validate', relay: 'ws://169.254.169.254/' },
      422,
      'relay-url',
      'reserved-address',
    ],
    ['another scheme', { kind: 'validate', relay: 'https://a.example' }, 422, 'relay-url', 'scheme'],
    ['a network that is off', { kind: 'validate', relay: `ws://${'a'.repeat(56)}.onion` }, 422, undefined, undefined],
    ['a task that can be none', { kind: 'maintain', task: 'DROP TABLE' }, 422, 'payload-invalid', undefined],
    ['another kind', { kind: 'destroy' }, 400, 'invalid-request', undefined],
    ['one field too many', { kind: 'find', source: 'a', force: true }, 400, 'invalid-request', undefined],
    ['no URLs', { kind: 'seed', urls: [] }, 400, 'invalid-request', undefined],
  ])('refuses %s, and writes nothing down', async (_what, body, status, code, reason) => {
    const before = await countRows();

    const [found, problem] = await spec.post('/v1/jobs', body);

    expect(found).toBe(status);
    expect(problem).toMatchObject({ status, ...(code && { code }), ...(reason && { reason }) });
    expect(await countRows()).toBe(before);
  });

  it('answers a repeated Idempotency-Key with the first job, and another body under it with 409', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const first = await submit({ kind: 'find', source: 'a' }, headers);
    const again = await submit({ source: 'a', kind: 'find' }, headers);

    expect(again.id).toBe(first.id);
    expect(await spec.post('/v1/jobs', { kind: 'find', source: 'b' }, headers)).toMatchObject([
      409,
      { code: 'idempotency-conflict' },
    ]);
    expect(await spec.post('/v1/jobs', { kind: 'find', source: 'b' }, { 'idempotency-key': 'a b' })).toMatchObject([
      400,
      {},
    ]);
  });

  it('makes one job of many who ask for the same at once', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const body = freshTask();

    const jobs = await Promise.all(Array.from({ length: 10 }, () => submit(body, headers)));

    expect(new Set(jobs.map(({ id }) => id)).size).toBe(1);
  });

  it('lets two who want the same wait for one job', async () => {
    const body = freshTask();
    const [first, second] = [await submit(body), await submit(body)];
    const runs: (string | undefined)[] = [];
    await work((_context, _signal, { task }) => {
      runs.push(task);
      return Promise.resolve({ kind: 'done', result: 'swept' });
    });

    await Promise.all([reaches(first.id, 'done'), reaches(second.id, 'done')]);

    expect(first.id).not.toBe(second.id);
    expect(runs.filter((task) => task === body.task)).toHaveLength(1);
  });

  it('moves work that waits already to the front', async () => {
    const { task } = freshTask();
    await spec.bus.enqueue(maintainJob, [{ task }], { priority: 'backfill' });
    await submit({ kind: 'maintain', task });

    const jobId = await spec.backend.queue('maintain').getDeduplicationJobId(`maintain-${task}`);

    expect((await spec.backend.queue('maintain').getJob(jobId!))!.priority).toBe(1);
  });

  it('cancels a job that waits', async () => {
    const body = freshTask();
    const job = await submit(body);

    const response = await spec.ask(`/v1/jobs/${job.id}`, { method: 'DELETE' });

    expect([response.status, await response.json()]).toMatchObject([
      200,
      { status: 'cancelled', cancelRequested: true },
    ]);
    const runs: (string | undefined)[] = [];
    await work((_context, _signal, { task }) => {
      runs.push(task);
      return Promise.resolve({ kind: 'done', result: 'swept' });
    });
    await reaches((await submit(freshTask())).id, 'done');
    expect(runs).not.toContain(body.task);
  });

  it('stops a job that runs', async () => {
    const job = await submit(freshTask());
    await work(async (_context, signal) => {
      await sleep(20_000, undefined, { signal }).catch(() => undefined);
      return { kind: 'later', delayMs: 1_000, reason: 'stopped' };
    });
    await reaches(job.id, 'running');

    const response = await spec.ask(`/v1/jobs/${job.id}`, { method: 'DELETE' });

    expect([response.status, await response.json()]).toMatchObject([202, { status: 'running', cancelRequested: true }]);
    await reaches(job.id, 'cancelled');
  });

  it('leaves a job to those who still wait for it', async () => {
    const body = freshTask();
    const [mine, theirs] = [await submit(body), await submit(body)];

    await spec.ask(`/v1/jobs/${mine.id}`, { method: 'DELETE' });
    await work(() => Promise.resolve({ kind: 'done', result: 'swept' }));
    await reaches(theirs.id, 'done');

    expect((await read(mine.id)).status).toBe('cancelled');
  });

  it('tries a job again that failed', async () => {
    const job = await submit(freshTask());
    let fails = true;
    await work(() => Promise.resolve(fails ? { kind: 'fatal', reason: 'no room' } : { kind: 'done', result: 'swept' }));
    await reaches(job.id, 'failed');
    fails = false;
    expect((await read(job.id)).error).toBe('no room');
    const stranger = await spec.json(`/v1/jobs/${job.id}`, { headers: { 'x-forwarded-for': '203.0.113.9' } });
    expect(stranger[1]).toMatchObject({ status: 'failed', error: 'failed; the reason is for operators' });

    const [status, again] = await spec.post(`/v1/jobs/${job.id}/retry`);

    expect([status, again]).toMatchObject([202, { id: job.id, error: null }]);
    await reaches(job.id, 'done');
    expect(await spec.post(`/v1/jobs/${job.id}/retry`)).toMatchObject([409, { code: 'job-not-failed' }]);
  });

  it.each([
    ['GET', '', 404],
    ['GET', '/events', 404],
    ['DELETE', '', 404],
    ['POST', '/retry', 404],
  ])('%s of a job that never was (%s): %d', async (method, path, status) => {
    expect(await spec.json(`/v1/jobs/${randomUUID()}${path}`, { method })).toMatchObject([
      status,
      { code: 'job-unknown' },
    ]);
  });

  describe('events', () => {
    const streams: AbortController[] = [];

    afterEach(async () => {
      for (const stream of streams.splice(0)) stream.abort();
      await until(async () => (await openStreams()) === 0);
    });

    async function openStreams(): Promise<number> {
      const metrics = await (await spec.ask('/metrics')).text();
      return Number(/^bigbrotr_http_streams (\d+)$/m.exec(metrics)?.[1]);
    }

    async function watch(id: string): Promise<Response> {
      const stream = new AbortController();
      streams.push(stream);
      return spec.ask(`/v1/jobs/${id}/events`, { signal: stream.signal });
    }

    /** Reads to the end of the stream. */
    async function views(response: Response): Promise<JobView[]> {
      const text = await response.text();
      return [...text.matchAll(/^event: status\ndata: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? '') as JobView);
    }

    it('tells the course of a job, and ends with it', async () => {
      const job = await submit(freshTask());
      const stream = await watch(job.id);
      const seen = views(stream);
      await work(async (context) => {
        await context.progress(40);
        await sleep(300);
        return { kind: 'done', result: 'swept' };
      });

      const statuses = (await seen).map(({ status, progress }) => `${status} ${progress}`);

      expect(stream.headers.get('content-type')).toContain('text/event-stream');
      expect(stream.headers.get('x-content-type-options')).toBe('nosniff');
      expect(statuses[0]).toBe('queued null');
      expect(statuses).toContain('running 40');
      expect(statuses.at(-1)).toBe('done null');
    });

    it('ends at once when all is said', async () => {
      const job = await submit({ kind: 'validate', relay: 'wss://known.example' });

      expect((await views(await watch(job.id))).map(({ status }) => status)).toEqual(['done']);
    });

    it('shows that it lives while nothing happens', async () => {
      const job = await submit(freshTask());
      const reader = (await watch(job.id)).body!.getReader();
      let text = '';
      while (!text.includes(': still here')) text += Buffer.from((await reader.read()).value as Uint8Array).toString();

      expect(text).toContain('event: status');
    });

    it('is bounded, and says so', async () => {
      const job = await submit(freshTask());
      const statuses = [];
      for (let i = 0; i < 5; i++) statuses.push((await watch(job.id)).status);

      expect(statuses).toEqual([200, 200, 200, 200, 429]);
      await until(async () => (await openStreams()) === 4);
    });

    it('forgets a client that left', async () => {
      const job = await submit(freshTask());
      await watch(job.id);
      expect(await openStreams()).toBe(1);

      streams[0]!.abort();

      await until(async () => (await openStreams()) === 0);
    });
  });

  async function countRows(): Promise<number> {
    return (await spec.pool.query<{ n: number }>('SELECT count(*)::integer AS n FROM job_requests')).rows[0]!.n;
  }
}

describe('jobRoutes', () => {
  describe('with queues in PostgreSQL', () => suite(undefined));
});

needs('redis')('jobRoutes with queues in Redis', () => suite(process.env['BIGBROTR_TEST_REDIS_URL']));
