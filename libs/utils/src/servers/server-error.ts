import { AppError } from '@bigbrotr/models';

export type ServerErrorCode =
  | 'port-in-use'
  | 'data-dir-in-use'
  | 'data-dir-not-writable'
  | 'data-dir-incompatible'
  | 'missing-binaries'
  | 'no-unprivileged-user'
  | 'start-failed'
  | 'start-timeout'
  | 'stop-timeout';

/** A private database or queue server that did not come up (or down). The message says what to do about it. */
export class ServerError extends AppError<ServerErrorCode> {
  readonly code: ServerErrorCode;
  readonly recovery = 'shut-down';

  constructor(
    code: ServerErrorCode,
    message: string,
    detail: Readonly<Record<string, string | number | boolean>> = {},
    options?: ErrorOptions,
  ) {
    super(message, detail, options);
    this.code = code;
  }
}
