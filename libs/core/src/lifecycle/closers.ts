/** May return a promise, which is waited for. */
type Close = () => unknown;

/**
 * What was opened, to be closed in reverse order. One that fails or hangs does not keep the others open: each has its
 * deadline, and the failures come out together at the end.
 */
export class Closers {
  readonly #deadlineMs: number;
  readonly #stack: Close[] = [];
  #closing: Promise<void> | undefined;

  constructor(deadlineMs = 15_000) {
    this.#deadlineMs = deadlineMs;
  }

  defer(close: Close): void {
    this.#stack.push(close);
  }

  /** Once: whoever asks again waits for the same end. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (let close = this.#stack.pop(); close; close = this.#stack.pop()) {
      try {
        await this.#withinDeadline(close);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'not everything could be closed');
  }

  async #withinDeadline(close: Close): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('close took too long')), this.#deadlineMs);
    });
    try {
      await Promise.race([close(), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
