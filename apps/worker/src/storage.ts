import {
  assertReachable,
  assertSchema,
  createBus,
  createPool,
  DatabaseError,
  migrateQueueSchema,
  openQueueBackend,
  QueueError,
  type Bus,
  type Logger,
  type Pool,
  type QueueBackend,
} from '@bigbrotr/core';

import type { AppConfig } from './config.js';

/** What every role stands on: the database that remembers, the queues that deliver. */
export interface Storage extends AsyncDisposable {
  readonly pool: Pool;
  readonly backend: QueueBackend;
  readonly bus: Bus;
}

type StorageConfig = Pick<AppConfig, 'database' | 'queue'>;

/** Opens both and checks that this code may use them. Throws a `DatabaseError` or a `QueueError` that says what to do. */
export async function openStorage(config: StorageConfig, { log }: { readonly log: Logger }): Promise<Storage> {
  const pool = openPool(config, log);
  try {
    await assertReachable(pool, config.database.url ?? '');
    await assertSchema(pool);
    const backend = await openBackend(config, pool, log);
    return {
      pool,
      backend,
      bus: createBus(backend),
      [Symbol.asyncDispose]: async () => {
        await backend.close();
        await pool.end();
      },
    };
  } catch (error) {
    await pool.end();
    throw error;
  }
}

export function openPool({ database }: Pick<AppConfig, 'database'>, log: Logger): Pool {
  if (database.url === undefined) {
    throw new DatabaseError(
      'unreachable',
      'No database is configured. Set DATABASE_URL (database.url), or use `bigbrotr up`, which brings its own.',
    );
  }
  return createPool(
    {
      url: database.url,
      max: database.pool.max,
      connectTimeoutMs: database.timeouts.connect,
      statementTimeoutMs: database.timeouts.statement,
      idleTimeoutMs: database.timeouts.idle,
      applicationName: database.applicationName,
    },
    (error) => log.warn({ err: error }, 'idle database connection lost'),
  );
}

async function openBackend({ queue }: StorageConfig, pool: Pool, log: Logger): Promise<QueueBackend> {
  if (queue.backend === 'postgres') {
    await migrateQueueSchema(pool);
    return openQueueBackend({ backend: 'postgres', pool }, { log });
  }
  if (queue.redisUrl === undefined) {
    throw new QueueError(
      'queue-config',
      'No queue backend is configured. Set REDIS_URL (queue.redisUrl), or queue.backend: postgres for a single process.',
    );
  }
  return openQueueBackend({ backend: 'redis', redisUrl: queue.redisUrl, prefix: queue.prefix }, { log });
}
