import { fileURLToPath } from 'node:url';

import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';

import { DatabaseError, sqlState } from './database-error.js';
import { connectFault, type Queryable } from './pool.js';
import { SCHEMA_VERSION } from './schema-version.js';

/** The repository's migrations/, seen from src/db as well as from dist/db. */
export const MIGRATIONS_FOLDER = fileURLToPath(new URL('../../../../migrations', import.meta.url));

// Any constant will do; all processes must use the same.
const ADVISORY_LOCK = 0x62_69_67_62;

/**
 * Brings the schema up to this code's version. Safe to call from many processes at once: drizzle's migrator takes no
 * lock of its own, so one connection holds an advisory lock around it.
 */
export async function migrate(url: string, folder: string = MIGRATIONS_FOLDER): Promise<void> {
  // A connection of its own: a migration may run longer than any statement of the product may, and the lock is the
  // session's, so that it falls with the connection.
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    application_name: 'bigbrotr-migrate',
  });
  try {
    await client.connect();
  } catch (error) {
    throw connectFault(error, url);
  }
  try {
    await client.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK]);
    await assertNotNewer(client);
    await applyMigrations(drizzle(client), {
      migrationsFolder: folder,
      migrationsSchema: 'public',
      migrationsTable: '__migrations',
    });
  } finally {
    await client.end();
  }
}

/** What a role asks before it starts work. Throws a {@link DatabaseError}. */
export async function assertSchema(db: Queryable): Promise<void> {
  const schema = await readSchema(db);
  if (!schema) throw new DatabaseError('not-migrated', 'The database has no schema yet. Run `bigbrotr migrate`.');
  if (schema.tolerates > SCHEMA_VERSION) throw newer(schema.version);
  if (schema.version < SCHEMA_VERSION) {
    throw new DatabaseError(
      'schema-older',
      `The database has schema ${schema.version}, this code needs ${SCHEMA_VERSION}. Run \`bigbrotr migrate\`.`,
    );
  }
}

async function assertNotNewer(db: Queryable): Promise<void> {
  const schema = await readSchema(db);
  if (schema && schema.tolerates > SCHEMA_VERSION) throw newer(schema.version);
}

function newer(version: number): DatabaseError {
  return new DatabaseError(
    'schema-newer',
    `The database has schema ${version}, which this code (schema ${SCHEMA_VERSION}) may not touch. Update BigBrotr; nothing was changed.`,
  );
}

async function readSchema(db: Queryable): Promise<{ version: number; tolerates: number } | undefined> {
  try {
    const { rows } = await db.query<{ version: number; tolerates: number }>(
      'SELECT max(version) AS version, max(tolerates) AS tolerates FROM schema_versions HAVING count(*) > 0',
    );
    return rows[0];
  } catch (error) {
    if (sqlState(error) === '42P01') return undefined; // undefined_table: an empty database
    throw error;
  }
}
