import { afterEach, describe, expect, it } from '@jest/globals';
import { createTestDatabase, until } from '@bigbrotr/testing';
import pg from 'pg';
import { pino } from 'pino';
import { Registry } from 'prom-client';

import { openQueueBackend } from './backend.js';
import { monitorJob } from './contracts/monitor.js';
import { createJobMetrics } from './job-metrics.js';
import { handle } from './outcome.js';
import { checkQueueSchema, migrateQueueSchema, queuePool } from './postgres-pool.js';
import { openWorkerHost } from './worker-host.js';

const log = pino({ level: 'silent' });
const opened: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function emptyDatabase(max = 4): Promise<pg.Pool> {
  const database = await createTestDatabase(() => Promise.resolve(), { key: 'empty' });
  opened.push(() => database.drop());
  const pool = new pg.Pool({ connectionString: database.url, max });
  pool.on('error', () => undefined);
  opened.push(() => pool.end());
  return pool;
}

describe('queue pool', () => {
  it('says what to do about a database without the queue tables', async () => {
    const pool = await emptyDatabase();

    await expect(openQueueBackend({ backend: 'postgres', pool }, { log })).rejects.toMatchObject({
      code: 'queue-schema',
      message: expect.stringContaining('bigbrotr migrate'),
    });

    await Promise.all([migrateQueueSchema(pool), migrateQueueSchema(pool)]);
    await using backend = await openQueueBackend({ backend: 'postgres', pool }, { log });
    expect(await backend.ping()).toBe(true);
  });

  it('refuses tables of a newer release', async () => {
    const pool = await emptyDatabase();
    await migrateQueueSchema(pool);
    await pool.query('UPDATE bullmq.migration SET min_client_version = 99');

    await expect(checkQueueSchema(queuePool(pool))).rejects.toMatchObject({
      code: 'queue-schema',
      message: expect.stringContaining('newer release'),
    });
  });

  it('refuses more workers than it has connections for', async () => {
    const pool = await emptyDatabase(4);
    await migrateQueueSchema(pool);
    await using backend = await openQueueBackend({ backend: 'postgres', pool }, { log });

    const opening = openWorkerHost(
      { queues: [{ contract: monitorJob, network: 'clearnet', concurrency: 1 }] },
      {
        backend,
        handlers: [handle(monitorJob, () => Promise.resolve({ kind: 'done', result: 'ok' }))],
        metrics: createJobMetrics(new Registry()),
        log,
        onShutDown: () => undefined,
      },
    );

    await expect(opening).rejects.toMatchObject({ code: 'queue-pool', detail: { needed: 5, max: 4 } });
  });

  it('names a database that is away', async () => {
    const pool = new pg.Pool({ connectionString: 'postgres://nobody@127.0.0.1:1/none' });
    opened.push(() => pool.end());

    await expect(openQueueBackend({ backend: 'postgres', pool }, { log })).rejects.toMatchObject({
      code: 'queue-unreachable',
    });
  });

  it('shows the queue its tables on every connection, and what is made without a schema stays public', async () => {
    const pool = await emptyDatabase();
    await migrateQueueSchema(pool);
    const queue = queuePool(pool);
    const client = await pool.connect();
    client.release();

    await Promise.all(Array.from({ length: 8 }, () => queue.query('SELECT count(*) FROM job')));
    await queue.query('CREATE TABLE relays (id int)');
    await expect(queue.query('SELECT 1 FROM nothing_like_it')).rejects.toThrow('nothing_like_it');

    const { rows } = await pool.query<{ schemaname: string }>(
      "SELECT schemaname FROM pg_tables WHERE tablename = 'relays'",
    );
    expect(rows).toEqual([{ schemaname: 'public' }]);
    await queue.end();
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it('survives the death of a connection that somebody holds', async () => {
    const pool = await emptyDatabase();
    await migrateQueueSchema(pool);
    const client = await queuePool(pool).connect();
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');

    // Without a listener on the client the process would end here.
    await pool.query('SELECT pg_terminate_backend($1)', [rows[0]!.pid]);

    await until(
      async () => (await pool.query('SELECT 1 FROM pg_stat_activity WHERE pid = $1', [rows[0]!.pid])).rowCount === 0,
    );
    await expect(client.query('SELECT 1')).rejects.toThrow();
    client.release(true);
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it('drops a connection that the server has ended', async () => {
    const pool = await emptyDatabase(1);
    await migrateQueueSchema(pool);
    const queue = queuePool(pool);
    await expect(queue.query('SELECT pg_terminate_backend(pg_backend_pid())')).rejects.toThrow();

    expect((await queue.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    expect(pool.listenerCount('error')).toBe(1);
  });
});
