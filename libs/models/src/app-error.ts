/** What the queue layer does with a job that threw this. */
export type Recovery = 'retry' | 'give-up' | 'pause-queue' | 'shut-down';

/**
 * A fault of ours (a sick database, a bad configuration). A sick relay is a finding, not an error.
 * Carries a literal code and flat data; nobody reads messages.
 */
export abstract class AppError<Code extends string = string> extends Error {
  abstract readonly code: Code;
  abstract readonly recovery: Recovery;
  readonly detail: Readonly<Record<string, string | number | boolean>>;

  constructor(
    message: string,
    detail: Readonly<Record<string, string | number | boolean>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
    this.detail = detail;
  }
}
