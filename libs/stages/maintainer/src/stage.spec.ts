import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  appConfigSchema,
  createBus,
  createDeadLetters,
  createJobMetrics,
  createLogger,
  createPool,
  createRegistry,
  handle,
  maintainJob,
  migrate,
  migrateQueueSchema,
  openQueueBackend,
  openWorkerHost,
  settleFailureOf,
  storeChecks,
  storeFailure,
  type Bus,
  type DeadLetter,
  type DeadLetters,
  type JobContext,
  type Outcome,
  type Pool,
  type QueueBackend,
} from '@bigbrotr/core';
import { createTestDatabase, until, type TestDatabase } from '@bigbrotr/testing';

import { MaintainerConfig } from './config.js';
import { housekeep } from './housekeep.js';
import { mirrorFailures } from './mirror-failures.js';
import { maintainerStage } from './stage.js';

describe('maintainerStage', () => {
  let database: TestDatabase;
  let pool: Pool;
  let backend: QueueBackend;
  let bus: Bus;
  let deadLetters: DeadLetters;
  const log = createLogger({ level: 'silent', pretty: false });
  const never = new AbortController().signal;
  const { networks } = appConfigSchema([]).parse({});
  const context: JobContext = {
    queue: 'maintain',
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
    deadLetters = createDeadLetters(backend);
  });

  afterAll(async () => {
    await backend.close();
    await pool.end();
    await database.drop();
  });

  beforeEach(async () => {
    await pool.query('TRUNCATE job_failures, periodic_tasks');
  });

  const start = () =>
    maintainerStage.start(
      { maintainer: MaintainerConfig.parse({ housekeeping: '6h' }) },
      { pool, deadLetters, networks, log },
    );

  async function run(task: string, signal = never): Promise<Outcome> {
    return (await start()).registrations[0]!.run({ v: 1, task }, context, signal);
  }

  async function minutesTo(key: string): Promise<number> {
    const { rows } = await pool.query<{ m: number }>(
      'SELECT (extract(epoch FROM next_due_at - now()) / 60)::float8 AS m FROM periodic_tasks WHERE key = $1',
      [key],
    );
    return Math.round(rows[0]!.m);
  }

  /** Work that no try can do. */
  async function dieInTheQueue(tasks: readonly string[]): Promise<void> {
    const host = await openWorkerHost(
      { queues: [{ contract: maintainJob, concurrency: 5 }] },
      {
        backend,
        handlers: [handle(maintainJob, ({ task }) => Promise.resolve({ kind: 'fatal', reason: `no ${task}` }))],
        metrics: createJobMetrics(createRegistry()),
        log,
        onShutDown: () => undefined,
      },
    );
    await bus.enqueue(
      maintainJob,
      tasks.map((task) => ({ task })),
    );
    await until(async () => (await bus.counts(['maintain'])).get('maintain')?.failed === tasks.length, {
      timeoutMs: 20_000,
    });
    await host.close();
  }

  it('mirrors dead letters, keeps what an operator decided, and outlives the queue', async () => {
    const tasks = Array.from({ length: 7 }, (_, i) => `task-${i}`);
    await dieInTheQueue(tasks);

    expect(await run('failures')).toEqual({ kind: 'done', result: 'failures' });

    const mirrored = await pool.query<{ queue: string; job_id: string; reason: string; data: { task: string } }>(
      'SELECT queue, job_id, reason, data FROM job_failures',
    );
    expect(mirrored.rows.map((r) => r.reason).sort()).toEqual(tasks.map((task) => `no ${task}`));
    expect(mirrored.rows[0]).toMatchObject({ queue: 'maintain', data: { v: 1 } });

    const [one] = mirrored.rows;
    await settleFailureOf(pool, { queue: one!.queue, jobId: one!.job_id }, 'discarded');
    await backend.queue('maintain').obliterate({ force: true });
    await run('failures');
    const { rows } = await pool.query(
      'SELECT state, count(*)::integer AS n FROM job_failures GROUP BY state ORDER BY state',
    );
    expect(rows).toEqual([
      { state: 'discarded', n: 1 },
      { state: 'open', n: 6 },
    ]);
  });

  it('reads every page of a long list', async () => {
    const letters = Array.from({ length: 250 }, (_, i) => letter(`j${i}`));
    const paged: Pick<DeadLetters, 'list'> = {
      list: (_, { offset, limit }) => Promise.resolve(letters.slice(offset, offset + limit)),
    };

    expect(await mirrorFailures(['seed'], { pool, deadLetters: paged as DeadLetters }, never)).toBe(250);
    expect((await pool.query('SELECT 1 FROM job_failures')).rowCount).toBe(250);
  });

  it('opens a settled failure again only when the job failed again', async () => {
    await storeFailure(pool, letter('x', 1_000));
    await settleFailureOf(pool, { queue: 'seed', jobId: 'x' }, 'discarded');
    const state = async () => (await pool.query<{ state: string }>('SELECT state FROM job_failures')).rows[0]?.state;

    await storeFailure(pool, letter('x', 1_000));
    expect(await state()).toBe('discarded');
    await storeFailure(pool, letter('x', 2_000));
    expect(await state()).toBe('open');
  });

  function letter(jobId: string, failedAt = 1_000): DeadLetter {
    return {
      queue: 'seed',
      jobId,
      name: 'seed',
      data: {},
      reason: 'r',
      attempts: 1,
      stalled: 0,
      addedAt: 500,
      failedAt,
    };
  }

  it('removes documents that nothing refers to, and no other', async () => {
    await pool.query("INSERT INTO relays (url, network, discovered_at) VALUES ('wss://a.example.com', 'clearnet', 1)");
    const now = Math.floor(Date.now() / 1000);
    const check = (name: string) => ({ type: 'nip11_info' as const, success: true, durationMs: 1, data: { name } });
    await storeChecks(pool, 'wss://a.example.com', now, [check('kept')]);
    await storeChecks(pool, 'wss://a.example.com', now + 1, [check('dropped')]);
    await pool.query('DELETE FROM relay_checks WHERE generated_at = $1', [now + 1]);

    expect(await housekeep({ pool }, never)).toBe(1);
    expect(await housekeep({ pool }, never)).toBe(0);

    const { rows } = await pool.query('SELECT data FROM metadata');
    expect(rows).toEqual([{ data: { name: 'kept' } }]);
  });

  it('makes the partitions of the coming months', async () => {
    const partitions = async () =>
      (
        await pool.query<{ name: string }>(
          "SELECT relname AS name FROM pg_class WHERE relname ~ '^relay_checks_[0-9]{6}$' AND relkind = 'r' ORDER BY 1",
        )
      ).rows.map((r) => r.name);
    const before = await partitions();
    await pool.query(`DROP TABLE ${before.at(-1)}`);

    expect(await run('housekeeping')).toEqual({ kind: 'done', result: 'housekeeping' });

    expect(await partitions()).toEqual(before);
    expect(before.length).toBeGreaterThanOrEqual(4);
  });

  it('does its tasks at their own pace, and forgets those of older releases', async () => {
    await pool.query("INSERT INTO periodic_tasks (stage, key) VALUES ('maintainer', 'older')");
    await run('housekeeping');
    await run('failures');

    expect(await minutesTo('housekeeping')).toBe(360);
    expect(await minutesTo('failures')).toBe(1);
    expect((await pool.query("SELECT key FROM periodic_tasks WHERE key = 'older'")).rowCount).toBe(0);
  });

  it('comes back soon when it is cut short', async () => {
    expect(await run('housekeeping', AbortSignal.abort('shutdown'))).toMatchObject({ kind: 'later' });
    expect(await minutesTo('housekeeping')).toBeLessThanOrEqual(0);
  });

  it('knows no other task', async () => {
    expect(await run('dance')).toMatchObject({ kind: 'fatal' });
  });
});
