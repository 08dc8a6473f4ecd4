import { DatabaseError, isConnectionFailure, QueueError, sqlState } from '@bigbrotr/core';

import { HttpProblem } from './http-problem.js';
import { STATUS_TITLES, type ProblemStatus } from './status-titles.js';

const RETRY = { headers: { 'retry-after': '5' } };

/** What a thrown thing looks like from outside: never its message, unless it is a problem already. */
export function problemOf(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (error instanceof QueueError) return queueProblem(error);
  const clientError = frameworkProblem(error);
  if (clientError) return clientError;
  return (
    databaseProblem(error) ??
    new HttpProblem(500, 'internal', 'This is a fault of ours; the log has it.', { cause: error })
  );
}

function queueProblem(error: QueueError): HttpProblem {
  switch (error.code) {
    case 'queue-unknown':
      return new HttpProblem(404, 'queue-unknown', 'No queue has this name. GET /v1/queues lists them.', {
        cause: error,
      });
    case 'job-unknown':
      return new HttpProblem(404, 'job-unknown', 'The queue has no such job any more.', { cause: error });
    case 'payload-invalid':
    case 'payload-version':
    case 'payload-size':
      // Our own words about a payload's fields, no value of it among them.
      return new HttpProblem(422, error.code, error.message, { cause: error });
    default:
      return queueAway(error);
  }
}

/** The backend of the queues does not answer. */
export function queueAway(cause: unknown): HttpProblem {
  const detail = 'The queue backend does not answer. Try again in a moment.';
  return new HttpProblem(503, 'queue-unavailable', detail, { ...RETRY, cause });
}

const BODY_FAULTS: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'Send the body as application/json.',
  FST_ERR_CTP_BODY_TOO_LARGE: 'The body is larger than this server takes.',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'The body is not as long as its Content-Length says.',
  FST_ERR_CTP_INVALID_JSON_BODY: 'The body is not JSON.',
  FST_ERR_CTP_EMPTY_TYPE: 'Name the type of the body: application/json.',
  FST_ERR_BAD_URL: 'The path of the URL cannot be decoded.',
};

/** Faults of the request that the framework found. */
function frameworkProblem(error: unknown): HttpProblem | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined;
  const { statusCode, code } = error as Error & { statusCode: unknown; code?: unknown };
  const word = typeof code === 'string' ? code : '';
  if (word === 'FST_ERR_HANDLER_TIMEOUT') return tooSlow(error);
  if (!isProblemStatus(statusCode) || statusCode >= 500) return undefined;
  const detail = BODY_FAULTS[word] ?? 'The request cannot be read.';
  return new HttpProblem(statusCode, word === '' ? 'request' : toCode(word), detail, { cause: error });
}

function databaseProblem(error: unknown): HttpProblem | undefined {
  const state = sqlState(error);
  if (state === '57014') return tooSlow(error);
  if (error instanceof DatabaseError || isConnectionFailure(error) || isUnavailable(state) || isClientTimeout(error)) {
    return new HttpProblem(503, 'database-unavailable', 'The database does not answer. Try again in a moment.', {
      ...RETRY,
      cause: error,
    });
  }
  // A value that passed our checks and that PostgreSQL cannot hold, such as text with U+0000.
  if (state?.startsWith('22'))
    return new HttpProblem(400, 'value', 'The database cannot read one of the values.', { cause: error });
  return undefined;
}

function tooSlow(cause: unknown): HttpProblem {
  return new HttpProblem(
    503,
    'query-timeout',
    'This took too long. Ask for less: a shorter time range, fewer values.',
    {
      ...RETRY,
      cause,
    },
  );
}

/**
 * 53: out of memory, disk, connections. 40: lost against another transaction. 25006: a standby that was not promoted yet.
 * 28, 3D: the server is there, our login or our database is not.
 */
function isUnavailable(state: string | undefined): boolean {
  return state !== undefined && /^(?:53|40|28|3D|25006)/.test(state);
}

/** node-postgres gives this one no code. */
function isClientTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout';
}

function isProblemStatus(value: unknown): value is ProblemStatus {
  return typeof value === 'number' && value in STATUS_TITLES;
}

function toCode(frameworkCode: string): string {
  return frameworkCode
    .replace(/^FST_ERR_(?:CTP_)?/, '')
    .toLowerCase()
    .replaceAll('_', '-');
}
