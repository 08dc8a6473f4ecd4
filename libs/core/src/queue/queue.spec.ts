import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { createTestDatabase, needs, until } from '@bigbrotr/testing';
import { AppError, type Recovery } from '@bigbrotr/models';
import type { Redis } from 'ioredis';
import pg from 'pg';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { z } from 'zod';

import { openQueueBackend, type BackendKind, type QueueBackend } from './backend.js';
import { createBus, type Bus } from './bus.js';
import { defineContract, queueName } from './contract.js';
import { dispatchJob } from './contracts/dispatcher.js';
import { maintainJob } from './contracts/maintainer.js';
import { monitorJob } from './contracts/monitor.js';
import { syncJob } from './contracts/synchronizer.js';
import { createDeadLetters, type DeadLetters } from './dead-letters.js';
import type { GenerationMirror } from './generation.js';
import { createJobMetrics } from './job-metrics.js';
import { handle, type JobContext, type Outcome, type Registration } from './outcome.js';
import { migrateQueueSchema } from './postgres-pool.js';
import { startQueueWatch } from './queue-watch.js';
import { defineSchedule, ensureSchedules } from './schedules.js';
import {
  openWorkerHost,
  type JobRef,
  type WorkerHost,
  type WorkerHostConfig,
  type WorkerHostModules,
} from './worker-host.js';

const log = pino({ level: 'silent' });
const net = { network: 'clearnet' } as const;
const SYNC = queueName(syncJob, 'clearnet');
const MONITOR = queueName(monitorJob, 'clearnet');
const done = (result = 'ok'): Outcome => ({ kind: 'done', result });

// A machine that is busy with other suites takes its time.
jest.setTimeout(30_000);

/** Opened things of the running test, closed in reverse. */
const opened: (() => Promise<unknown>)[] = [];
const closeLater = (close: () => Promise<unknown>): void => void opened.push(close);

async function openRedisBackend(): Promise<QueueBackend> {
  const backend = await openQueueBackend(
    { backend: 'redis', redisUrl: process.env['BIGBROTR_TEST_REDIS_URL'] ?? '', prefix: `spec-${randomUUID()}` },
    { log },
  );
  closeLater(() => backend.close());
  return backend;
}

async function openPostgresBackend(): Promise<QueueBackend> {
  const database = await createTestDatabase(
    async (url) => {
      const pool = new pg.Pool({ connectionString: url });
      await migrateQueueSchema(pool);
      await pool.end();
    },
    { key: 'bullmq_670' },
  );
  closeLater(() => database.drop());
  const pool = new pg.Pool({ connectionString: database.url, max: 12 });
  pool.on('error', () => undefined);
  closeLater(() => pool.end());
  const backend = await openQueueBackend({ backend: 'postgres', pool }, { log });
  closeLater(() => backend.close());
  return backend;
}

interface Bench {
  readonly backend: QueueBackend;
  readonly bus: Bus;
  readonly letters: DeadLetters;
  readonly registry: Registry;
  /** Handles one queue; what happened is in the returned lists. */
  readonly work: (
    registration: Registration,
    options?: Partial<WorkerHostConfig & WorkerHostModules> & { concurrency?: number },
  ) => Promise<WorkerHost>;
  readonly outcomes: () => Promise<Record<string, number>>;
}

async function bench(open: () => Promise<QueueBackend>): Promise<Bench> {
  const backend = await open();
  const registry = new Registry();
  const metrics = createJobMetrics(registry);
  return {
    backend,
    bus: createBus(backend),
    letters: createDeadLetters(backend),
    registry,
    async work(registration, { concurrency = 1, times, ...modules } = {}) {
      const { contract } = registration;
      const host = await openWorkerHost(
        { queues: [{ contract, concurrency, ...(contract.perNetwork && net) }], ...(times && { times }) },
        { backend, handlers: [registration], metrics, log, onShutDown: () => undefined, ...modules },
      );
      closeLater(() => host.close({ graceMs: 500 }));
      return host;
    },
    async outcomes() {
      const { values } = (await registry.getSingleMetric('bigbrotr_job_outcomes_total')?.get()) ?? { values: [] };
      const counted: Record<string, number> = {};
      for (const { labels, value } of values)
        counted[String(labels['outcome'])] = (counted[String(labels['outcome'])] ?? 0) + value;
      return counted;
    },
  };
}

afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

class Fault extends AppError {
  readonly code = 'spec';
  readonly recovery: Recovery;

  constructor(recovery: Recovery) {
    super(`a fault to answer with ${recovery}`);
    this.recovery = recovery;
  }
}

const suites: {
  kind: BackendKind;
  open: () => Promise<QueueBackend>;
  describe: (name: string, suite: () => void) => void;
}[] = [
  { kind: 'redis', open: openRedisBackend, describe: needs('redis') },
  { kind: 'postgres', open: openPostgresBackend, describe },
];

for (const { kind, open, describe: describeBackend } of suites) {
  describeBackend(`queue on ${kind}`, () => {
    it('hands a job with its context to the handler and counts its word', async () => {
      const { bus, work, outcomes, registry } = await bench(open);
      const requestId = randomUUID();
      const seen: [unknown, JobContext][] = [];
      await work(
        handle(monitorJob, (payload, context) => (seen.push([payload, context]), Promise.resolve(done('online')))),
      );

      expect(await bus.enqueue(monitorJob, [{ relayId: 7, requestId }], { ...net, priority: 'interactive' })).toBe(1);

      await until(async () => (await outcomes())['online'] === 1);
      expect(seen).toEqual([
        [
          { v: 1, relayId: 7, requestId },
          expect.objectContaining({
            queue: MONITOR,
            network: 'clearnet',
            attempt: 1,
            stalls: 0,
            interactive: true,
            requestId,
          }),
        ],
      ]);
      expect(await registry.metrics()).toContain(`bigbrotr_job_run_seconds_count{queue="${MONITOR}"} 1`);
      expect(await registry.metrics()).toContain(`bigbrotr_job_wait_seconds_count{queue="${MONITOR}"} 1`);
    });

    it('leaves nothing of a job that is done', async () => {
      const { bus, work, outcomes } = await bench(open);
      await work(handle(monitorJob, () => Promise.resolve(done())));

      await bus.enqueue(monitorJob, [{ relayId: 1 }, { relayId: 2 }], net);

      await until(async () => (await outcomes())['ok'] === 2);
      await until(async () => (await bus.counts([MONITOR])).get(MONITOR)?.active === 0);
      expect((await bus.counts([MONITOR])).get(MONITOR)).toEqual({
        waiting: 0,
        delayed: 0,
        active: 0,
        failed: 0,
        depth: 0,
      });
    });

    it('makes one run of 10,000 identical triggers', async () => {
      const { bus, work, outcomes } = await bench(open);
      const same = Array.from({ length: 10_000 }, () => ({ relayId: 1 }));

      expect(await bus.enqueue(monitorJob, same, net)).toBe(1);

      await work(
        handle(monitorJob, () => Promise.resolve(done())),
        { concurrency: 4 },
      );
      await until(async () => (await outcomes())['ok'] === 1);
      await sleep(200);
      expect(await outcomes()).toEqual({ ok: 1 });
    });

    it('drops a trigger for work that is running, unless the contract keeps the last', async () => {
      const { bus, work, outcomes } = await bench(open);
      const finish = gate();
      const started: string[] = [];
      const slow = async (_payload: unknown, { queue }: JobContext): Promise<Outcome> => {
        started.push(queue);
        await finish.promise;
        return done();
      };
      await work(handle(monitorJob, slow), { concurrency: 4 });
      await work(handle(syncJob, slow), { concurrency: 4 });
      await bus.enqueue(monitorJob, [{ relayId: 1 }], net);
      await bus.enqueue(syncJob, [{ relayId: 1 }], net);
      await until(() => started.length === 2);

      const triggers = Array.from({ length: 20 }, () => ({ relayId: 1 }));
      expect(await bus.enqueue(monitorJob, triggers, net)).toBe(0);
      expect(await bus.enqueue(syncJob, triggers, net)).toBe(0);
      finish.resolve();

      await until(async () => (await outcomes())['ok'] === 3);
      await sleep(200);
      expect(started.filter((queue) => queue === MONITOR)).toHaveLength(1);
      expect(started.filter((queue) => queue === SYNC)).toHaveLength(2);
    });

    it('puts the rest of the work at the tail: A1 B A2', async () => {
      const { bus, work } = await bench(open);
      const order: string[] = [];
      let left = 2;
      const host = handle(syncJob, ({ relayId }) => {
        order.push(relayId === 1 ? 'A' : 'B');
        return Promise.resolve({ kind: 'done', result: 'slice', again: relayId === 1 && left-- > 1 });
      });
      await bus.enqueue(syncJob, [{ relayId: 1 }, { relayId: 2 }], net);

      await work(host);

      await until(() => order.length === 3);
      expect(order).toEqual(['A', 'B', 'A']);
    });

    it('continues a contract that does not keep the last, and keeps the request', async () => {
      const { bus, work } = await bench(open);
      const requestId = randomUUID();
      const finished: { requestId?: string; again: boolean }[] = [];
      let runs = 0;
      await work(
        handle(monitorJob, () => Promise.resolve({ kind: 'done', result: 'part', again: ++runs < 3 })),
        { onFinished: ({ requestId: of, again }) => finished.push({ ...(of && { requestId: of }), again }) },
      );

      await bus.request(monitorJob, { relayId: 1, requestId }, net);

      await until(() => finished.length === 3);
      expect(finished).toEqual([
        { requestId, again: true },
        { requestId, again: true },
        { requestId, again: false },
      ]);
    });

    it('puts a job off without spending an attempt', async () => {
      const { bus, work, outcomes } = await bench(open);
      const attempts: number[] = [];
      await work(
        handle(monitorJob, (_payload, { attempt }) => {
          attempts.push(attempt);
          return Promise.resolve(attempts.length < 6 ? { kind: 'later', delayMs: 1, reason: 'host busy' } : done());
        }),
      );

      await bus.enqueue(monitorJob, [{ relayId: 1 }], net);

      await until(async () => (await outcomes())['ok'] === 1);
      expect(attempts).toEqual([1, 1, 1, 1, 1, 1]);
      expect(await outcomes()).toEqual({ later: 5, ok: 1 });
    });

    it('makes a dead letter of what can never succeed, tells, redrives and discards it', async () => {
      const { bus, work, letters, outcomes } = await bench(open);
      const failed: (JobRef & { reason: string })[] = [];
      let runs = 0;
      await work(
        handle(monitorJob, () => {
          runs += 1;
          return Promise.resolve(runs < 3 ? { kind: 'fatal', reason: 'relay was deleted' } : done());
        }),
        { onFailed: (job) => failed.push(job) },
      );
      await bus.enqueue(monitorJob, [{ relayId: 1 }], net);
      await until(() => failed.length === 1);

      expect(failed[0]).toMatchObject({
        queue: MONITOR,
        name: 'monitor',
        data: { v: 1, relayId: 1 },
        reason: 'relay was deleted',
        stalled: 0,
      });
      const [letter] = await letters.list(MONITOR, { offset: 0, limit: 10 });
      expect(letter).toMatchObject({
        queue: MONITOR,
        jobId: failed[0]!.jobId,
        reason: 'relay was deleted',
        attempts: 1,
      });

      expect(await letters.redrive(MONITOR, letter!.jobId)).toBe(true);
      await until(() => failed.length === 2);
      await letters.discard(MONITOR, failed[1]!.jobId);
      expect(await letters.list(MONITOR, { offset: 0, limit: 10 })).toEqual([]);
      await expect(letters.redrive(MONITOR, failed[1]!.jobId)).rejects.toMatchObject({ code: 'job-unknown' });
      expect(await outcomes()).toEqual({ fatal: 2, failed: 2 });

      expect(await bus.enqueue(monitorJob, [{ relayId: 1 }], net)).toBe(1);
      await until(async () => (await outcomes())['ok'] === 1);
    });

    describe('payloads', () => {
      const common = { stage: 'monitor', queue: 'monitor', perNetwork: true, budgetMs: 1_000 } as const;
      const v1 = z.strictObject({ v: z.literal(1), url: z.string() });
      const before = defineContract({ ...common, version: 1, payload: v1, dedup: ({ url }) => url });
      const now = defineContract({
        ...common,
        version: 2,
        payload: z.strictObject({ v: z.literal(2), url: z.string(), retries: z.int() }),
        previous: { payload: v1, upgrade: (old) => ({ v: 2, url: (old as z.infer<typeof v1>).url, retries: 0 }) },
        dedup: ({ url }) => url,
      });

      it('reads the previous version', async () => {
        const { bus, work } = await bench(open);
        const seen: unknown[] = [];
        await bus.enqueue(before, [{ url: 'wss://old.example' }], net);

        await work(handle(now, (payload) => (seen.push(payload), Promise.resolve(done()))));

        await until(() => seen.length === 1);
        expect(seen).toEqual([{ v: 2, url: 'wss://old.example', retries: 0 }]);
      });

      it.each([
        ['an unknown version', { v: 9, relayId: 1 }, 'payload: version 9, this release reads 1'],
        ['no version', { relayId: 1 }, 'payload: version missing, this release reads 1'],
        ['a wrong shape', { v: 1, relayId: 'one' }, /^payload: relayId: /],
        ['a stranger key', { v: 1, relayId: 1, url: 'wss://x.example' }, /^payload: Unrecognized key/],
      ])('makes a dead letter of %s without running it', async (_what, data, reason) => {
        const { backend, work, letters } = await bench(open);
        const runs: unknown[] = [];
        await work(handle(monitorJob, (payload) => (runs.push(payload), Promise.resolve(done()))));

        await backend.queue(MONITOR).add('monitor', data, { attempts: 3 });

        const [letter] = await until(async () => {
          const page = await letters.list(MONITOR, { offset: 0, limit: 1 });
          return page.length > 0 ? page : undefined;
        });
        expect(letter).toMatchObject({ attempts: 1, reason: expect.stringMatching(reason) });
        expect(runs).toEqual([]);
      });

      it('refuses to add what is wrong or too large, and then adds nothing', async () => {
        const { bus } = await bench(open);

        await expect(bus.enqueue(monitorJob, [{ relayId: 1 }, { relayId: -1 }], net)).rejects.toMatchObject({
          code: 'payload-invalid',
        });
        await expect(bus.enqueue(before, [{ url: 'x'.repeat(5_000) }], net)).rejects.toMatchObject({
          code: 'payload-size',
        });
        await expect(bus.enqueue(monitorJob, [{ relayId: 1 }])).rejects.toMatchObject({ code: 'queue-config' });

        expect((await bus.counts([MONITOR])).get(MONITOR)?.depth).toBe(0);
      });
    });

    it('runs what somebody waits for first, and lets a request join what waits', async () => {
      const { bus, work } = await bench(open);
      const order: number[] = [];
      await bus.enqueue(monitorJob, [{ relayId: 30 }], { ...net, priority: 'backfill' });
      await bus.enqueue(monitorJob, [{ relayId: 20 }, { relayId: 21 }], net);
      const own = await bus.request(monitorJob, { relayId: 10 }, net);
      const joined = await bus.request(monitorJob, { relayId: 21 }, net);

      expect(own.deduplicated).toBe(false);
      expect(joined.deduplicated).toBe(true);
      expect(await bus.promote(monitorJob, { relayId: 99 }, net)).toBe(false);
      await work(handle(monitorJob, ({ relayId }) => (order.push(relayId), Promise.resolve(done()))));

      await until(() => order.length === 4);
      expect(order).toEqual([10, 21, 20, 30]);
    });

    it('counts what a high-water mark needs, also while paused', async () => {
      const { backend, bus } = await bench(open);
      await bus.enqueue(monitorJob, [{ relayId: 1 }], net);
      // Without a priority, as schedulers and the board add them.
      await backend.queue(MONITOR).add('monitor', { v: 1, relayId: 2 });
      await bus.enqueue(monitorJob, [{ relayId: 3 }], { ...net, delayMs: 60_000 });

      const expected = { waiting: 2, delayed: 1, active: 0, failed: 0, depth: 3 };
      expect((await bus.counts([MONITOR, SYNC])).get(MONITOR)).toEqual(expected);
      expect((await bus.counts([MONITOR, SYNC])).get(SYNC)?.depth).toBe(0);

      await bus.pause(MONITOR);
      expect(await bus.isPaused(MONITOR)).toBe(true);
      expect((await bus.counts([MONITOR])).get(MONITOR)).toEqual(expected);
      await bus.resume(MONITOR);
      expect(await bus.isPaused(MONITOR)).toBe(false);
      await expect(bus.counts(['nobody'])).rejects.toMatchObject({ code: 'queue-unknown' });
    });

    it('keeps a limit for all processes together, and lifts it', async () => {
      const { bus, work, outcomes } = await bench(open);
      await bus.limitFleet(MONITOR, 2);
      let running = 0;
      let most = 0;
      const slow = handle(monitorJob, async () => {
        most = Math.max(most, ++running);
        await sleep(30);
        running -= 1;
        return done();
      });
      await bus.enqueue(
        monitorJob,
        Array.from({ length: 12 }, (_, i) => ({ relayId: i + 1 })),
        net,
      );

      await work(slow, { concurrency: 4 });
      await work(slow, { concurrency: 4 });

      await until(async () => (await outcomes())['ok'] === 12);
      expect(most).toBe(2);
      // Counted before they are completed: until then the same work is not added.
      await until(async () => (await bus.counts([MONITOR])).get(MONITOR)?.active === 0);
      await bus.limitFleet(MONITOR, undefined);
      await bus.enqueue(
        monitorJob,
        Array.from({ length: 12 }, (_, i) => ({ relayId: i + 1 })),
        net,
      );
      await until(async () => (await outcomes())['ok'] === 24);
      expect(most).toBeGreaterThan(2);
    });

    it('holds the whole queue back when a handler asks for it, then goes on with the same job', async () => {
      const { bus, work, outcomes } = await bench(open);
      const starts: [number, number][] = [];
      const registration = handle(monitorJob, ({ relayId }) => {
        starts.push([relayId, Date.now()]);
        return Promise.resolve(
          starts.length === 1 ? { kind: 'pause-queue', ms: 700, reason: 'PostgreSQL is away' } : done(),
        );
      });
      await work(registration);
      await bus.enqueue(monitorJob, [{ relayId: 1 }], net);
      await until(() => starts.length === 1);
      await bus.enqueue(monitorJob, [{ relayId: 2 }, { relayId: 3 }], net);
      await work(registration);

      await until(async () => (await outcomes())['ok'] === 3);
      const [first, ...others] = starts;
      expect(Math.min(...others.map(([, at]) => at)) - first![1]).toBeGreaterThanOrEqual(650);
      expect(await outcomes()).toEqual({ 'pause-queue': 1, ok: 3 });
    });

    describe('errors', () => {
      it('tries again what a fault or a bug stopped, then makes a dead letter', async () => {
        const { bus, work, letters, outcomes } = await bench(open);
        const quick = { ...monitorJob, attempts: 2 };
        await work(
          handle(quick, ({ relayId }) => Promise.reject(relayId === 1 ? new Fault('retry') : new TypeError('oops'))),
          { concurrency: 2 },
        );

        await bus.enqueue(quick, [{ relayId: 1 }, { relayId: 2 }], net);

        const page = await until(async () => {
          const found = await letters.list(MONITOR, { offset: 0, limit: 10 });
          return found.length === 2 ? found : undefined;
        });
        expect(page.map(({ reason, attempts }) => [reason, attempts]).sort()).toEqual([
          ['a fault to answer with retry', 2],
          ['oops', 2],
        ]);
        expect(await outcomes()).toEqual({ retry: 2, error: 2, failed: 2 });
      });

      it('gives up, pauses the queue or asks to be shut down as the fault says', async () => {
        const { bus, work, outcomes } = await bench(open);
        const recoveries: Record<number, Recovery> = { 1: 'give-up', 2: 'shut-down', 3: 'pause-queue' };
        const asked: AppError[] = [];
        const host = await work(
          handle(monitorJob, ({ relayId }) => Promise.reject(new Fault(recoveries[relayId]!))),
          { onShutDown: (error) => (asked.push(error), void host.close()) },
        );

        await bus.enqueue(monitorJob, [{ relayId: 1 }, { relayId: 2 }], net);

        await until(() => asked.length === 1);
        await host.close();
        expect(await outcomes()).toEqual({ fatal: 1, failed: 1, shutdown: 1 });
        expect((await bus.counts([MONITOR])).get(MONITOR)?.depth).toBe(1);

        await bus.enqueue(monitorJob, [{ relayId: 3 }], { ...net, priority: 'interactive' });
        await work(handle(monitorJob, ({ relayId }) => Promise.reject(new Fault(recoveries[relayId]!))));
        await until(async () => (await outcomes())['pause-queue'] === 1);
      });
    });

    describe('signals', () => {
      const waiting = (seen: { started: number; reasons: unknown[] }, outcome: Outcome): Registration =>
        handle(syncJob, async (_payload, _context, signal) => {
          seen.started += 1;
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
          seen.reasons.push(signal.reason);
          return outcome;
        });

      it('reaches a handler in another process when its job is cancelled, which then does not continue', async () => {
        const { bus, work, outcomes } = await bench(open);
        const seen = { started: 0, reasons: [] as unknown[] };
        await work(waiting(seen, { kind: 'done', result: 'part', again: true }));
        const { jobId } = await bus.request(syncJob, { relayId: 1 }, net);
        await until(() => seen.started === 1);

        const at = Date.now();
        expect(await bus.cancel(SYNC, jobId)).toBe('signalled');

        await until(() => seen.reasons.length === 1);
        expect(Date.now() - at).toBeLessThan(2_000);
        expect(seen.reasons).toEqual(['cancelled']);
        await until(async () => (await bus.stateOf(SYNC, jobId)) === 'unknown');
        await sleep(100);
        expect(seen.started).toBe(1);
        expect(await outcomes()).toEqual({ part: 1 });
        expect(await bus.cancel(SYNC, jobId)).toBe('gone');
      });

      it('removes a cancelled job that has not started', async () => {
        const { bus } = await bench(open);
        const { jobId } = await bus.request(syncJob, { relayId: 1 }, net);

        expect(await bus.cancel(SYNC, jobId)).toBe('removed');

        expect(await bus.stateOf(SYNC, jobId)).toBe('unknown');
        expect(await bus.enqueue(syncJob, [{ relayId: 1 }], net)).toBe(1);
      });

      it('ends a handler that throws when it is cancelled without trying it again', async () => {
        const { bus, work, outcomes } = await bench(open);
        let started = 0;
        await work(
          handle(syncJob, async (_payload, _context, signal) => {
            started += 1;
            await sleep(60_000, undefined, { signal });
            return done();
          }),
        );
        const { jobId } = await bus.request(syncJob, { relayId: 1 }, net);
        await until(() => started === 1);

        await bus.cancel(SYNC, jobId);

        await until(async () => (await outcomes())['cancelled'] === 1);
        expect(await outcomes()).toEqual({ cancelled: 1 });
      });

      it('fires at the deadline of the contract', async () => {
        const { bus, work, outcomes } = await bench(open);
        const seen = { started: 0, reasons: [] as unknown[] };
        const registration = waiting(seen, done('part'));
        await work({ ...registration, contract: { ...registration.contract, budgetMs: 50 } });

        await bus.enqueue(syncJob, [{ relayId: 1 }], net);

        await until(async () => (await outcomes())['part'] === 1);
        expect(seen.reasons).toEqual(['deadline']);
      });

      it('lets running jobs checkpoint at shutdown, in well under 2 s, and another worker continue', async () => {
        const { bus, work, outcomes } = await bench(open);
        const seen = { started: 0, reasons: [] as unknown[] };
        const host = await work(waiting(seen, { kind: 'done', result: 'checkpoint', again: true }), { concurrency: 2 });
        await bus.enqueue(syncJob, [{ relayId: 1 }, { relayId: 2 }, { relayId: 3 }], net);
        await until(() => seen.started === 2);

        const at = Date.now();
        await host.close();

        expect(Date.now() - at).toBeLessThan(2_000);
        expect(seen.reasons).toEqual(['shutdown', 'shutdown']);
        expect((await bus.counts([SYNC])).get(SYNC)).toMatchObject({ depth: 3, active: 0, failed: 0 });
        const relays: number[] = [];
        await work(handle(syncJob, ({ relayId }) => (relays.push(relayId), Promise.resolve(done()))));
        await until(async () => (await outcomes())['ok'] === 3);
        expect(relays[0]).toBe(3);
        expect(relays.slice(1).sort()).toEqual([1, 2]);
      });

      it('gives a job back whose handler throws at shutdown, or does not listen', async () => {
        const { bus, work, outcomes } = await bench(open);
        let started = 0;
        const host = await work(
          handle(syncJob, async ({ relayId }, _context, signal) => {
            started += 1;
            await sleep(60_000, undefined, relayId === 1 ? { signal } : { ref: false });
            return done();
          }),
          { concurrency: 2 },
        );
        await bus.enqueue(syncJob, [{ relayId: 1 }, { relayId: 2 }], net);
        await until(() => started === 2);

        await host.close({ graceMs: 300 });

        expect((await bus.counts([SYNC])).get(SYNC)).toMatchObject({ depth: 2, active: 0, failed: 0 });
        const attempts: number[] = [];
        await work(handle(syncJob, (_payload, { attempt }) => (attempts.push(attempt), Promise.resolve(done()))));
        await until(async () => (await outcomes())['ok'] === 2);
        expect(attempts).toEqual([1, 1]);
      });
    });

    it('runs a job of a process that died again, and alone after two deaths', async () => {
      const { backend, bus, work } = await bench(open);
      const stalls: number[] = [];
      await bus.enqueue(monitorJob, [{ relayId: 1 }], net);
      for (let deaths = 0; deaths < 2; deaths += 1) {
        // A worker that takes the job and is never heard of again, and another that notices.
        const options = { lockDuration: 200, stalledInterval: 150, maxStalledCount: 3 };
        const dead = backend.worker(MONITOR, () => Promise.reject(new Error('not called')), options);
        await until(() => dead.getNextJob(`dead-${deaths}`, { block: false }));
        await dead.close(true);
        const reaper = backend.worker(MONITOR, () => Promise.reject(new Error('not called')), options);
        closeLater(() => reaper.close());
        await reaper.startStalledCheckTimer();
        await until(async () => (await bus.counts([MONITOR])).get(MONITOR)?.waiting === 1);
        await reaper.close();
      }
      await bus.enqueue(monitorJob, [{ relayId: 2 }, { relayId: 3 }, { relayId: 4 }], net);

      let running = 0;
      const beside: number[] = [];
      const ran: number[] = [];
      await work(
        handle(monitorJob, async ({ relayId }, context) => {
          running += 1;
          if (relayId === 1) stalls.push(context.stalls);
          await sleep(relayId === 1 ? 300 : 600);
          if (relayId === 1) beside.push(running);
          running -= 1;
          ran.push(relayId);
          return done();
        }),
        { concurrency: 8 },
      );

      await until(() => ran.length === 4);
      expect(stalls).toEqual([2]);
      expect(beside).toEqual([1]);
      expect(ran[0]).toBe(1);
    });

    describe('handlers', () => {
      const fine = handle(monitorJob, () => Promise.resolve(done()));
      const open2 = async (handlers: Registration[]): Promise<unknown> => {
        const { backend } = await bench(open);
        return openWorkerHost(
          { queues: [{ contract: monitorJob, concurrency: 1, ...net }] },
          { backend, handlers, metrics: createJobMetrics(new Registry()), log, onShutDown: () => undefined },
        );
      };

      it.each([
        ['nothing handles a queue', [], 'handler-missing'],
        ['two claim a queue', [fine, fine], 'handler-duplicate'],
      ])('do not start when %s', async (_what, handlers, code) => {
        await expect(open2(handlers)).rejects.toMatchObject({ code });
      });
    });

    it('tells what each queue is doing, and takes another concurrency', async () => {
      const { bus, work } = await bench(open);
      let running = 0;
      const held = gate();
      const host = await work(
        handle(monitorJob, async () => {
          running += 1;
          await held.promise;
          return done();
        }),
      );
      const before = Date.now();
      await bus.enqueue(monitorJob, [{ relayId: 1 }, { relayId: 2 }, { relayId: 3 }], net);
      await until(() => running === 1);

      expect(host.activity).toEqual([
        { queue: MONITOR, active: 1, concurrency: 1, running: true, lastActivityAt: expect.any(Number) },
      ]);
      expect(host.activity[0]!.lastActivityAt).toBeGreaterThanOrEqual(before);
      host.setConcurrency(MONITOR, 3);
      held.resolve();
      await until(() => running === 3);
      expect(host.activity[0]!.concurrency).toBe(3);
      expect(() => host.setConcurrency(SYNC, 3)).toThrow(/does not work/);
    });

    describe('schedules', () => {
      const dispatchEvery = defineSchedule(dispatchJob, 300, {});

      it('run, are left alone while they are sound, and replace what is changed or not listed', async () => {
        const { backend, work, outcomes } = await bench(open);
        const other = defineSchedule(dispatchJob, 300_000, {});
        expect(
          await ensureSchedules(backend, [dispatchEvery, defineSchedule(maintainJob, 60_000, { task: 'orphans' })]),
        ).toBe(2);
        await work(handle(dispatchJob, () => Promise.resolve(done('tick'))));
        await until(async () => ((await outcomes())['tick'] ?? 0) >= 3);

        expect(
          await ensureSchedules(backend, [dispatchEvery, defineSchedule(maintainJob, 60_000, { task: 'orphans' })]),
        ).toBe(0);
        expect(
          await ensureSchedules(backend, [other, defineSchedule(maintainJob, 60_000, { task: 'statistics' })]),
        ).toBe(3);
        expect(await backend.queue('maintain').getJobSchedulersCount()).toBe(1);
        expect((await backend.queue('dispatch').getJobScheduler('dispatch'))?.every).toBe(300_000);
      });

      it('are mended when the next job is gone', async () => {
        const { backend } = await bench(open);
        await ensureSchedules(backend, [dispatchEvery]);
        const next = (await backend.queue('dispatch').getJobScheduler('dispatch'))!.next;
        await loseJob(backend, 'dispatch', `repeat:dispatch:${next}`);

        expect(await ensureSchedules(backend, [dispatchEvery])).toBe(1);
        expect(await ensureSchedules(backend, [dispatchEvery])).toBe(0);
      });

      it('are few', async () => {
        const { backend } = await bench(open);
        const many = Array.from({ length: 11 }, (_, i) => defineSchedule(maintainJob, 60_000, { task: `task-${i}` }));
        await expect(ensureSchedules(backend, many)).rejects.toMatchObject({ code: 'queue-config' });
      });
    });

    describe('watch', () => {
      const memoryMirror = (): GenerationMirror & { value: string | undefined } => ({
        value: undefined,
        read() {
          return Promise.resolve(this.value);
        },
        replace(expected, next) {
          if (this.value !== expected) return Promise.resolve(false);
          this.value = next;
          return Promise.resolve(true);
        },
      });

      it('notices another generation once, whoever asks, and asserts the schedules', async () => {
        const { backend } = await bench(open);
        const generation = memoryMirror();
        let lost = 0;
        const watch = startQueueWatch(
          { schedules: [defineSchedule(dispatchJob, 60_000, {})], everyMs: 60_000 },
          { backend, generation, log, onLost: () => ((lost += 1), Promise.resolve()) },
        );
        closeLater(() => watch.close());

        expect(await watch.check()).toBe('new');
        expect(await watch.check()).toBe('same');
        expect(await backend.queue('dispatch').getJobSchedulersCount()).toBe(1);

        generation.value = randomUUID();
        expect(await watch.check()).toBe('lost');
        expect(await watch.check()).toBe('same');
        expect(lost).toBe(1);
        expect(watch.checkedAt).toBeGreaterThan(0);
      });

      it('leaves the work to the process that was first', async () => {
        const { backend } = await bench(open);
        const generation = memoryMirror();
        const beaten = startQueueWatch(
          { schedules: [], everyMs: 60_000 },
          {
            backend,
            generation: { read: () => generation.read(), replace: () => Promise.resolve(false) },
            log,
            onLost: () => Promise.reject(new Error('not ours')),
          },
        );
        closeLater(() => beaten.close());

        expect(await beaten.check()).toBe('lost-elsewhere');
      });

      if (kind === 'redis') {
        it('restores schedules and limits after FLUSHALL', async () => {
          const { backend, work, outcomes } = await bench(open);
          let lost = 0;
          await work(handle(dispatchJob, () => Promise.resolve(done('tick'))));
          const watch = startQueueWatch(
            { schedules: [defineSchedule(dispatchJob, 200, {})], everyMs: 300 },
            { backend, generation: memoryMirror(), log, onLost: () => ((lost += 1), Promise.resolve()) },
          );
          closeLater(() => watch.close());
          await until(async () => ((await outcomes())['tick'] ?? 0) >= 2);

          await emptyRedis(backend);

          await until(() => lost === 1);
          const ticks = (await outcomes())['tick'] ?? 0;
          await until(async () => ((await outcomes())['tick'] ?? 0) >= ticks + 2);
          expect(await backend.queue('dispatch').getBackend().getQueueMetaField('opts.maxLenEvents')).toBe('2000');
        });
      }
    });

    it('leaves no connection and no timer behind', async () => {
      const before = resources();
      const { bus, work } = await bench(open);
      await work(handle(monitorJob, () => Promise.resolve(done())));
      await bus.enqueue(monitorJob, [{ relayId: 1 }], net);
      await until(async () => (await bus.counts([MONITOR])).get(MONITOR)?.depth === 0);

      for (const close of opened.splice(0).reverse()) await close();

      await until(() => resources() <= before);
    });
  });
}

/** What each backend has below BullMQ. */
type Raw =
  | { readonly client: Promise<Pick<Redis, 'keys' | 'del' | 'zrem'>>; readonly connection: object }
  | { readonly client?: never; readonly connection: { readonly pool: Pick<pg.Pool, 'query'> } };

const rawOf = (backend: QueueBackend, queue: string): Raw => backend.queue(queue).getBackend() as unknown as Raw;

/** As FLUSHALL, for the keys of this spec only: others share the server. */
async function emptyRedis(backend: QueueBackend): Promise<void> {
  for (const name of ['dispatch', 'control']) {
    const client = await rawOf(backend, name).client;
    const keys = (await client?.keys(`${backend.queue(name).qualifiedName}:*`)) ?? [];
    if (keys.length > 0) await client?.del(...keys);
  }
}

/** A hole that BullMQ would not make. */
async function loseJob(backend: QueueBackend, queue: string, jobId: string): Promise<void> {
  const raw = rawOf(backend, queue);
  if (raw.client === undefined) {
    await raw.connection.pool.query('DELETE FROM job WHERE queue = $1 AND id = $2', [queue, jobId]);
    return;
  }
  const client = await raw.client;
  await client.zrem(`${backend.queue(queue).qualifiedName}:delayed`, jobId);
  expect(await client.del(`${backend.queue(queue).qualifiedName}:${jobId}`)).toBe(1);
}

function gate(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

function resources(): number {
  return process.getActiveResourcesInfo().filter((name) => ['TCPSocketWrap', 'TCPWRAP', 'Timeout'].includes(name))
    .length;
}
