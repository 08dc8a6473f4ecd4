import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  createJobMetrics,
  createLogger,
  createRegistry,
  createRequestListener,
  handle,
  maintainJob,
  migrate,
  openWorkerHost,
  storeFailure,
} from '@bigbrotr/core';
import { createTestDatabase, needs, until, type TestDatabase } from '@bigbrotr/testing';

import { openSpecApi, type SpecApi, type SpecApiOptions } from '../spec-api.js';

interface Failure {
  readonly id: number;
  readonly queue: string;
  readonly jobId: string;
  readonly state: string;
}

const quiet = createLogger({ level: 'silent', pretty: false });

function suite(redisUrl: string | undefined): void {
  let database: TestDatabase;
  let spec: SpecApi;

  beforeAll(async () => {
    database = await createTestDatabase(migrate);
    const redis: Pick<SpecApiOptions, 'redis'> =
      redisUrl === undefined ? {} : { redis: { url: redisUrl, prefix: `spec-${randomUUID()}` } };
    spec = await openSpecApi({ databaseUrl: database.url, ...redis });
  });

  beforeEach(() => spec.pool.query('DELETE FROM job_failures'));

  afterAll(async () => {
    await spec.close();
    await database.drop();
  });

  /** A dead letter as the pipeline makes one. */
  async function letter(task: string): Promise<Failure> {
    await spec.bus.enqueue(maintainJob, [{ task }]);
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
    const found = await until(async () => (await list()).find(({ state }) => state === 'open'));
    await host.close({ graceMs: 500 });
    return found;
  }

  const list = async (query = '') => ((await spec.json(`/v1/failures${query}`))[1] as { items: Failure[] }).items;
  const counts = async () => (await spec.bus.counts(['maintain'])).get('maintain');

  it('shows why a job died', async () => {
    const { id, jobId } = await letter('show');

    expect(await list()).toEqual([
      {
        id,
        queue: 'maintain',
        jobId,
        data: { v: 1, task: 'show' },
        reason: 'disk full',
        attempts: expect.any(Number),
        stalled: 0,
        firstAt: expect.any(String),
        lastAt: expect.any(String),
        state: 'open',
      },
    ]);
    await spec.post(`/v1/failures/${id}/discard`);
  });

  it('runs its work again', async () => {
    const { id } = await letter('again');

    expect(await spec.post(`/v1/failures/${id}/redrive`)).toMatchObject([200, { id, state: 'redriven' }]);
    expect(await counts()).toMatchObject({ waiting: 1, failed: 0 });
    expect(await spec.backend.queue('maintain').getDeduplicationJobId('maintain-again')).not.toBeNull();
    expect(await spec.post(`/v1/failures/${id}/redrive`)).toMatchObject([409, { code: 'failure-settled' }]);
    expect(await counts()).toMatchObject({ waiting: 1 });
    await spec.backend.queue('maintain').drain();
  });

  it('runs work again that the queue has forgotten', async () => {
    const { id, jobId } = await letter('forgotten');
    await spec.backend.queue('maintain').remove(jobId);

    expect(await spec.post(`/v1/failures/${id}/redrive`)).toMatchObject([200, { state: 'redriven' }]);
    expect(await counts()).toMatchObject({ waiting: 1, failed: 0 });
    await spec.backend.queue('maintain').drain();
  });

  it('gives one up', async () => {
    const { id } = await letter('given-up');

    expect(await spec.post(`/v1/failures/${id}/discard`)).toMatchObject([200, { id, state: 'discarded' }]);
    expect(await counts()).toMatchObject({ waiting: 0, failed: 0 });
    expect((await list('?state=open')).length).toBe(0);
    expect((await list('?state=discarded')).map((failure) => failure.id)).toEqual([id]);
  });

  it('leaves a payload that nobody reads any more where it is', async () => {
    await storeFailure(spec.pool, {
      queue: 'maintain',
      jobId: 'old',
      name: 'maintain',
      data: { v: 0 },
      reason: 'x',
      attempts: 1,
      stalled: 0,
      addedAt: 1,
      failedAt: 2,
    });
    const [{ id } = { id: 0 }] = await list();

    expect(await spec.post(`/v1/failures/${id}/redrive`)).toMatchObject([422, { code: 'payload-version' }]);
    expect((await list('?state=open')).length).toBe(1);
  });

  it('gives pages, newest first, of one queue', async () => {
    for (const [i, queue] of ['seed', 'find', 'find', 'find'].entries()) {
      await storeFailure(spec.pool, {
        queue,
        jobId: `j${i}`,
        name: queue,
        data: {},
        reason: 'x',
        attempts: 1,
        stalled: 0,
        addedAt: i,
        failedAt: i,
      });
    }
    const first = (await spec.json('/v1/failures?queue=find&limit=2'))[1] as { items: Failure[]; next: string };
    const rest = (await spec.json(`/v1/failures?queue=find&limit=2&cursor=${first.next}`))[1] as {
      items: Failure[];
      next: null;
    };

    expect([...first.items, ...rest.items].map(({ jobId }) => jobId)).toEqual(['j3', 'j2', 'j1']);
    expect(rest.next).toBeNull();
  });

  it('hides what is secret by its name', async () => {
    await storeFailure(spec.pool, {
      queue: 'find',
      jobId: 's',
      name: 'find',
      data: { token: 'hunter2', source: 'https://a:hunter2@x.example' },
      reason: 'x',
      attempts: 1,
      stalled: 0,
      addedAt: 1,
      failedAt: 1,
    });

    expect(JSON.stringify(await list())).not.toContain('hunter2');
  });

  it.each([
    ['/v1/failures/999999/redrive', 404],
    ['/v1/failures/0/discard', 400],
    ['/v1/failures/x/discard', 400],
  ])('POST %s: %d', async (path, status) => {
    expect((await spec.post(path))[0]).toBe(status);
  });
}

describe('failureRoutes', () => {
  describe('with queues in PostgreSQL', () => suite(undefined));
});

needs('redis')('failureRoutes with queues in Redis', () => suite(process.env['BIGBROTR_TEST_REDIS_URL']));
