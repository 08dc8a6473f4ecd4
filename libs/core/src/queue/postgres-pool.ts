import {
  LATEST_SCHEMA_VERSION,
  SchemaMigrationRequiredError,
  SchemaVersionMismatchError,
  assertSchemaCompatibility,
  runMigrations,
  type PgPool,
} from 'bullmq';
import type pg from 'pg';

import { QueueError } from './queue-error.js';

/** Creates or updates the tables of the PostgreSQL backend (schema `bullmq`). Idempotent; locks out a second caller. */
export async function migrateQueueSchema(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await runMigrations(client);
  } finally {
    client.release();
  }
}

/**
 * The pool as BullMQ needs it: every connection that BullMQ sees finds the tables of its schema, whoever opened it, and
 * nobody but the opener ends the pool.
 */
export function queuePool(pool: pg.Pool): PgPool {
  const prepared = new WeakSet<pg.PoolClient>();
  async function connect(): Promise<pg.PoolClient> {
    const client = await pool.connect();
    if (prepared.has(client)) return client;
    // A client that is checked out has no listener of the pool's: a lost connection would end the process. Whoever
    // waits for an answer of it hears of it anyway.
    client.on('error', () => undefined);
    try {
      // `public` first: what others create without naming a schema must not land among the queue's tables.
      await client.query('SET search_path TO public, bullmq');
    } catch (error) {
      client.release(true);
      throw error;
    }
    prepared.add(client);
    return client;
  }
  const facade = {
    options: pool.options,
    connect,
    async query(text: string, params?: unknown[]) {
      const client = await connect();
      let broken = false;
      try {
        return await client.query(text, params);
      } catch (error) {
        // The server's own errors have a severity; anything else means that the connection is gone.
        broken = !(error instanceof Error && 'severity' in error && error.severity === 'ERROR');
        throw error;
      } finally {
        client.release(broken);
      }
    },
    // Each queue and each worker would add its own listener for errors of idle connections; the opener has one.
    on: () => facade,
    removeAllListeners: () => facade,
    end: () => Promise.resolve(),
  };
  return facade as unknown as PgPool;
}

/** Throws a {@link QueueError} unless this release can work with the schema as it is. */
export async function checkQueueSchema(pool: PgPool): Promise<void> {
  try {
    if ((await assertSchemaCompatibility(pool)) >= LATEST_SCHEMA_VERSION) return;
  } catch (error) {
    if (error instanceof SchemaVersionMismatchError) {
      throw new QueueError(
        'queue-schema',
        'The queue tables in PostgreSQL belong to a newer release. Run that one.',
        {},
        { cause: error },
      );
    }
    if (!(error instanceof SchemaMigrationRequiredError)) throw error;
  }
  throw new QueueError('queue-schema', 'The queue tables in PostgreSQL are missing or old. Run "bigbrotr migrate".');
}
