import { AppError, type Recovery } from '@bigbrotr/models';

export type QueueErrorCode =
  | 'queue-unreachable' // no answer within the deadline
  | 'queue-refused' // it answers and does not let us in
  | 'queue-version' // too old to run the scripts
  | 'queue-eviction' // it may throw keys away
  | 'queue-schema' // the PostgreSQL backend is not migrated, or by a newer release
  | 'queue-pool' // fewer connections than workers
  | 'queue-config' // contradictory or missing options
  | 'queue-unknown' // no contract owns that name
  | 'job-unknown' // not there, or not in the state that the request needs
  | 'job-abandoned' // a handler that ignored its signal beyond the grace time
  | 'payload-invalid'
  | 'payload-version'
  | 'payload-size'
  | 'handler-missing'
  | 'handler-duplicate';

const RECOVERY: Record<QueueErrorCode, Recovery> = {
  'queue-unreachable': 'retry',
  'queue-refused': 'shut-down',
  'queue-version': 'shut-down',
  'queue-eviction': 'shut-down',
  'queue-schema': 'shut-down',
  'queue-pool': 'shut-down',
  'queue-config': 'shut-down',
  'queue-unknown': 'give-up',
  'job-unknown': 'give-up',
  'job-abandoned': 'retry',
  'payload-invalid': 'give-up',
  'payload-version': 'give-up',
  'payload-size': 'give-up',
  'handler-missing': 'shut-down',
  'handler-duplicate': 'shut-down',
};

/** A fault of the queue or of its use. The message says what to do. */
export class QueueError extends AppError<QueueErrorCode> {
  readonly code: QueueErrorCode;

  constructor(
    code: QueueErrorCode,
    message: string,
    detail: Readonly<Record<string, string | number | boolean>> = {},
    options?: ErrorOptions,
  ) {
    super(message, detail, options);
    this.code = code;
  }

  get recovery(): Recovery {
    return RECOVERY[this.code];
  }
}
