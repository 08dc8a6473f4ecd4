import pg from 'pg';

import { DatabaseError, isConnectionFailure, sqlState } from './database-error.js';

export interface PoolOptions {
  readonly url: string;
  /** Connections at most. */
  readonly max: number;
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly applicationName: string;
}

/** Where an error of an idle connection goes: the pool drops the connection by itself, nobody else hears of it. */
export type OnIdleError = (error: Error) => void;

export type Pool = pg.Pool;
export type Transaction = pg.PoolClient;
/** Anything that runs a statement. */
export type Queryable = Pick<pg.Pool | pg.PoolClient, 'query'>;

/** int8 arrives as a number: our bigints are seconds, sequence numbers and counts, all below 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === pg.types.builtins.INT8 && format !== 'binary'
      ? Number
      : (pg.types.getTypeParser(oid, format) as (value: string) => unknown),
};

/**
 * A pool whose every connection carries the time-outs. `statement_timeout` is set by a statement rather than by a
 * start-up parameter, because PgBouncer in transaction mode refuses the latter.
 */
export function createPool(options: PoolOptions, onIdleError: OnIdleError): Pool {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.max,
    connectionTimeoutMillis: options.connectTimeoutMs,
    idleTimeoutMillis: options.idleTimeoutMs,
    application_name: options.applicationName,
    query_timeout: options.statementTimeoutMs + 5_000,
    types,
    // The pool waits for it, so that no statement runs before.
    verify: (client, done) =>
      client.query(`SET statement_timeout = ${Math.trunc(options.statementTimeoutMs)}`, (error) => done(error)),
  });
  pool.on('error', onIdleError);
  // A connection that breaks while it is checked out has nobody else to tell, and an unheard error ends the process. Its
  // user learns of it from the statement.
  pool.on('connect', (client) => client.on('error', onIdleError));
  return pool;
}

/** Runs `work` in one transaction; any throw rolls back. A connection whose ROLLBACK fails is destroyed. */
export async function transaction<T>(pool: Pool, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((rollbackError: unknown) => {
      broken = rollbackError instanceof Error ? rollbackError : new Error(String(rollbackError));
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

/** Fails with a {@link DatabaseError} that names host and port, never the password. */
export async function assertReachable(pool: Pool, url: string): Promise<void> {
  try {
    await pool.query('SELECT 1');
  } catch (error) {
    throw connectFault(error, url);
  }
}

/** A failure to connect as a {@link DatabaseError} that names host, port and database, never user or password. */
export function connectFault(error: unknown, url: string): DatabaseError {
  const where = describeTarget(url);
  return isConnectionFailure(error)
    ? new DatabaseError(
        'unreachable',
        `PostgreSQL at ${where} does not answer. Is it running, and is database.url (DATABASE_URL) right?`,
        { cause: error },
      )
    : new DatabaseError(
        'refused',
        `PostgreSQL at ${where} refused us (${sqlState(error) ?? 'no code'}). Check user, password and database name in database.url (DATABASE_URL).`,
        { cause: error },
      );
}

function describeTarget(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  return parsed
    ? `${parsed.hostname || 'localhost'}:${parsed.port || '5432'}${parsed.pathname}`
    : 'the configured address';
}
