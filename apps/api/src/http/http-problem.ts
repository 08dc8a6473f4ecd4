import { STATUS_TITLES, type ProblemStatus } from './status-titles.js';

/** An RFC 9457 document. Everything in it may be read by anybody. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** One word per cause, for programs: it does not change when the wording does. */
  readonly code: string;
  readonly detail?: string;
  readonly [extension: string]: unknown;
}

export interface ProblemOptions {
  /** Members beside the standard ones. */
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** An answer other than the one that was hoped for. The detail says what to do, and is shown as it stands. */
export class HttpProblem extends Error {
  readonly status: ProblemStatus;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly #extra: Readonly<Record<string, unknown>>;

  constructor(status: ProblemStatus, code: string, detail: string, options: ProblemOptions = {}) {
    super(detail, { cause: options.cause });
    this.name = 'HttpProblem';
    this.status = status;
    this.code = code;
    this.headers = options.headers ?? {};
    this.#extra = options.extra ?? {};
  }

  document(): ProblemDocument {
    return {
      type: 'about:blank',
      title: STATUS_TITLES[this.status],
      status: this.status,
      code: this.code,
      detail: this.message,
      ...this.#extra,
    };
  }
}
