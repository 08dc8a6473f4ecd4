import { setMaxListeners } from 'node:events';

/**
 * A budget of time for one piece of work. Its signal fires when the budget is used up, when the caller's signal does,
 * or by {@link Deadline.cancel}; afterwards {@link Deadline.expired} tells whether it was the budget.
 *
 * The clock can be held while the work waits for something that is nobody's fault but ours.
 * Dispose it when the work is done: then neither a timer nor a listener on the caller's (perhaps long-lived) signal stays,
 * which `AbortSignal.any` leaves to the garbage collector.
 */
export class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #parent: AbortSignal | undefined;
  readonly #budgetMs: number;
  #spentMs = 0;
  #runningSince: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #expired = false;

  constructor(budgetMs: number, parent?: AbortSignal) {
    this.#budgetMs = budgetMs;
    this.#parent = parent;
    if (parent) {
      // Any number of works may hang on one signal. Each takes its listener along, so there is no leak to warn of.
      setMaxListeners(Infinity, parent);
      parent.addEventListener('abort', this.#onParent, { once: true });
      if (parent.aborted) this.#onParent();
    }
    this.resume();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The budget ended the work, not the caller. */
  get expired(): boolean {
    return this.#expired;
  }

  /** Time spent so far, milliseconds, without the time on hold. */
  get elapsedMs(): number {
    return this.#spentMs + (this.#runningSince === undefined ? 0 : performance.now() - this.#runningSince);
  }

  get remainingMs(): number {
    return Math.max(0, this.#budgetMs - this.elapsedMs);
  }

  /** Stops the clock until {@link Deadline.resume}. */
  hold(): void {
    this.#spentMs = this.elapsedMs;
    this.#runningSince = undefined;
    clearTimeout(this.#timer);
  }

  resume(): void {
    if (this.#runningSince !== undefined || this.#controller.signal.aborted) return;
    this.#runningSince = performance.now();
    this.#timer = setTimeout(() => {
      this.#expired = true;
      this.cancel(new DOMException('the deadline passed', 'TimeoutError'));
    }, this.remainingMs);
  }

  cancel(reason?: unknown): void {
    this[Symbol.dispose]();
    this.#controller.abort(reason);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#parent?.removeEventListener('abort', this.#onParent);
  }

  readonly #onParent = (): void => this.cancel(this.#parent?.reason);
}
