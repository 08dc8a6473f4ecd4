import { AppError, type Recovery } from '@bigbrotr/models';

import { isError } from '../logging/error-code.js';

export type DatabaseErrorCode = 'unreachable' | 'refused' | 'schema-older' | 'schema-newer' | 'not-migrated';

const RECOVERY: Record<DatabaseErrorCode, Recovery> = {
  unreachable: 'pause-queue',
  refused: 'shut-down',
  'schema-older': 'shut-down',
  'schema-newer': 'shut-down',
  'not-migrated': 'shut-down',
};

/** The database cannot be used as it is. The message says what to do. */
export class DatabaseError extends AppError<DatabaseErrorCode> {
  readonly code: DatabaseErrorCode;

  constructor(code: DatabaseErrorCode, message: string, options?: ErrorOptions) {
    super(message, {}, options);
    this.code = code;
  }

  get recovery(): Recovery {
    return RECOVERY[this.code];
  }
}

/** SQLSTATE of an error that PostgreSQL itself raised, wherever drizzle or a wrapper put it. */
export function sqlState(error: unknown): string | undefined {
  for (let e = error; isError(e); e = e.cause) {
    const code: unknown = (e as { code?: unknown }).code;
    if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return code;
  }
  return undefined;
}

const SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EPIPE',
  'EHOSTUNREACH',
  'EAI_AGAIN',
  'ENOENT',
]);

/** The connection failed, not the statement: worth a retry, and a reason to hold the queue back. */
export function isConnectionFailure(error: unknown): boolean {
  const state = sqlState(error);
  // 08: connection exception, 57P0x: shutting down or starting up, 53300: too many connections.
  if (state !== undefined) return state.startsWith('08') || state.startsWith('57P') || state === '53300';
  for (let e = error; isError(e); e = e.cause) {
    const code: unknown = (e as { code?: unknown }).code;
    if (typeof code === 'string' && SOCKET_CODES.has(code)) return true;
    // node-postgres reports these two without a code.
    if (/^Connection terminated|timeout exceeded when trying to connect/.test(e.message)) return true;
  }
  return false;
}

/** A row the database refuses for what is in it (22: data, 23: integrity, 54: limits): bisect, do not retry. */
export function isRowFault(error: unknown): boolean {
  const state = sqlState(error);
  return state !== undefined && (state.startsWith('22') || state.startsWith('23') || state.startsWith('54'));
}
