import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  createBus,
  createJobRequest,
  createLogger,
  createPool,
  ensurePeriodicTasks,
  HIGH_WATER,
  migrate,
  migrateQueueSchema,
  openQueueBackend,
  promoteCandidate,
  putCandidates,
  QueueError,
  queuesOf,
  readJobRequest,
  type Bus,
  type JobRequestBody,
  type Pool,
  type QueueBackend,
} from '@bigbrotr/core';
import { parseRelayUrl } from '@bigbrotr/models';
import { createTestDatabase, type TestDatabase } from '@bigbrotr/testing';

import { dispatch, type DispatchOptions } from './dispatch.js';

const OPTIONS: DispatchOptions = { networks: ['clearnet'], local: false, visibilityMs: 1_800_000 };

describe('dispatch', () => {
  let database: TestDatabase;
  let pool: Pool;
  let backend: QueueBackend;
  let bus: Bus;
  const log = createLogger({ level: 'silent', pretty: false });
  const never = new AbortController().signal;

  const openPool = () =>
    createPool(
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

  beforeAll(async () => {
    database = await createTestDatabase(migrate);
    pool = openPool();
    await migrateQueueSchema(pool);
    backend = await openQueueBackend({ backend: 'postgres', pool }, { log });
    bus = createBus(backend);
  });

  afterAll(async () => {
    await backend.close();
    await pool.end();
    await database.drop();
  });

  beforeEach(async () => {
    await pool.query('TRUNCATE candidates, relays, relay_tasks, periodic_tasks, job_requests CASCADE');
    for (const queue of queuesOf(['clearnet', 'i2p'])) await backend.queue(queue).obliterate({ force: true });
  });

  const tick = (options: Partial<DispatchOptions> = {}, from: Bus = bus) =>
    dispatch({ ...OPTIONS, ...options }, { pool, bus: from, now: Date.now }, never);

  async function candidates(count: number, suffix = '.example.com', scheme = 'wss'): Promise<number[]> {
    const found = Array.from({ length: count }, (_, i) => {
      const parsed = parseRelayUrl(`${scheme}://c${i}${suffix}`);
      if (!parsed.ok) throw new Error(parsed.reason);
      return { ...parsed, host: `c${i}${suffix}`, source: 'spec' };
    });
    return (await putCandidates(pool, found, 1)).map((c) => c.id);
  }

  async function relay(): Promise<number> {
    const [candidateId] = await candidates(1, '.relay.example.com');
    const finding = { status: 'online' as const };
    const stages = ['monitor', 'synchronizer'];
    return (await promoteCandidate(pool, { candidateId: candidateId!, finding, stages, at: 1 }))!.id;
  }

  async function request(body: JobRequestBody): Promise<string> {
    const made = await createJobRequest(pool, body);
    return made.ok ? made.request.id : '';
  }

  async function depths(...queues: string[]): Promise<number[]> {
    const counts = await bus.counts(queues);
    return queues.map((queue) => counts.get(queue)?.depth ?? -1);
  }

  const due = async (table: string) => (await pool.query(`SELECT 1 FROM ${table} WHERE next_due_at <= now()`)).rowCount;

  it('does nothing when nothing is due', async () => {
    expect(await tick()).toBe(0);
    expect(await depths(...queuesOf(['clearnet']))).toEqual(queuesOf(['clearnet']).map(() => 0));
  });

  it('gives everything that is due to its queue, once', async () => {
    await candidates(3);
    const relayId = await relay();
    const list = `${'a'.repeat(64)} /lists/my relays.txt`;
    await ensurePeriodicTasks(pool, 'seeder', [list]);
    await ensurePeriodicTasks(pool, 'finder', ['mentions', 'api:x']);
    await ensurePeriodicTasks(pool, 'maintainer', ['housekeeping']);
    await ensurePeriodicTasks(pool, 'publisher', ['profile']);

    expect(await tick()).toBe(3 + 2 + 1 + 2 + 1 + 1);

    expect(
      await depths('validate-clearnet', 'monitor-clearnet', 'sync-clearnet', 'seed', 'find', 'maintain', 'publish'),
    ).toEqual([3, 1, 1, 1, 2, 1, 1]);
    const dataOf = async (queue: string) => (await backend.queue(queue).getJobs(['prioritized'], 0, 0))[0]?.data;
    expect(await dataOf('sync-clearnet')).toMatchObject({ relayId });
    expect(await dataOf('seed')).toMatchObject({ hash: 'a'.repeat(64), file: '/lists/my relays.txt' });
    expect(await tick()).toBe(0);
  });

  it('fills a queue up to the mark and leaves the rest in the database', async () => {
    await candidates(HIGH_WATER + 40);

    expect(await tick()).toBe(HIGH_WATER);
    expect(await depths('validate-clearnet')).toEqual([HIGH_WATER]);
    expect(await due('candidates')).toBe(40);

    expect(await tick()).toBe(0);
    expect(await due('candidates')).toBe(40);
  });

  it('routes what people asked for, whatever else is due, and survives a request that makes no sense', async () => {
    const relayId = await relay();
    const bad = await request({ kind: 'maintain', task: 'NOT A TASK' });
    const unknown = await request({ kind: 'sync', relay: 'wss://nobody.example.com' });
    const good = await request({ kind: 'monitor', relay: 'wss://c0.relay.example.com' });

    await tick();

    expect(await readJobRequest(pool, bad)).toMatchObject({ status: 'failed' });
    expect(await readJobRequest(pool, unknown)).toMatchObject({ status: 'failed' });
    expect(await readJobRequest(pool, good)).toMatchObject({ queue: 'monitor-clearnet', jobKey: `monitor-${relayId}` });
    const [job] = await backend.queue('monitor-clearnet').getJobs(['prioritized'], 0, 0);
    // Interactive: the tick that found the relay due as well has not put it behind.
    expect(job?.priority).toBe(1);
    expect(await depths('monitor-clearnet')).toEqual([1]);
  });

  it('does not touch networks that are off', async () => {
    await candidates(2, '.i2p', 'ws');

    expect(await tick()).toBe(0);
    expect(await due('candidates')).toBe(2);
    expect(await tick({ networks: ['i2p'] })).toBe(2);
  });

  it('never doubles work when two race', async () => {
    await candidates(300);
    await ensurePeriodicTasks(pool, 'finder', ['mentions', 'api:x']);
    for (let i = 0; i < 20; i++) await request({ kind: 'find', source: `asked-${i}` });

    await Promise.all([tick(), tick(), tick()]);

    expect(await depths('validate-clearnet', 'find')).toEqual([300, 22]);
    expect((await pool.query('SELECT max(claims) AS most FROM candidates')).rows).toEqual([{ most: 1 }]);
    const jobs = await backend.queue('validate-clearnet').getJobs(['prioritized'], 0, 400);
    expect(new Set(jobs.map((job) => (job.data as { candidateId: number }).candidateId)).size).toBe(300);
  });

  it('claims nothing while the queue backend is away', async () => {
    await candidates(2);
    await relay();
    await ensurePeriodicTasks(pool, 'finder', ['mentions']);
    const asked = await request({ kind: 'find', source: 'x' });
    const away = await openBus();
    await away.end();

    await expect(tick({}, away.bus)).rejects.toThrow(QueueError);

    expect(await due('candidates')).toBe(2);
    expect(await due('relay_tasks')).toBe(2);
    expect(await due('periodic_tasks')).toBe(1);
    expect(await readJobRequest(pool, asked)).toMatchObject({ status: 'queued' });
    await away.close();
  });

  it.each(['candidates', 'relay_tasks', 'periodic_tasks'])(
    'gives claims of %s back when the backend goes between claim and job',
    async (table) => {
      if (table === 'candidates') await candidates(4);
      if (table === 'relay_tasks') await relay();
      if (table === 'periodic_tasks') await ensurePeriodicTasks(pool, 'finder', ['mentions', 'api:x']);
      const before = await due(table);
      const away = await openBus();
      const leaving: Bus = {
        ...away.bus,
        enqueue: async (...args) => {
          await away.end();
          return away.bus.enqueue(...args);
        },
      };

      await expect(tick({}, leaving)).rejects.toThrow(QueueError);

      expect(await due(table)).toBe(before);
      await away.close();
    },
  );

  /** A bus of its own, whose database can go away. */
  async function openBus() {
    const own = openPool();
    const ownBackend = await openQueueBackend({ backend: 'postgres', pool: own }, { log });
    let ended = false;
    const end = async () => {
      if (!ended) await own.end();
      ended = true;
    };
    return { bus: createBus(ownBackend), end, close: async () => (await ownBackend.close(), end()) };
  }
});
