import { sleep } from './sleep.js';

/**
 * Lets at most `perSecond` callers through, after a burst of up to `burst`. Callers go in order of arrival; a caller
 * whose turn lies too far ahead is refused at once, which is what bounds the queue.
 */
export class TokenBucket {
  readonly #intervalMs: number;
  readonly #burst: number;
  readonly #now: () => number;
  /** When the bucket will be full again; how far that lies ahead is how much was taken. */
  #fullAt = -Infinity;

  /** `now` counts milliseconds and never goes back. */
  constructor(rate: { readonly perSecond: number; readonly burst: number }, now = (): number => performance.now()) {
    this.#intervalMs = 1000 / rate.perSecond;
    this.#burst = rate.burst;
    this.#now = now;
  }

  /**
   * Resolves to true when it is the caller's turn, to false when that would take longer than `maxWaitMs`. Rejects with
   * the signal's reason when it fires first; the turn is then lost, not passed on.
   */
  async take(maxWaitMs: number, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    const now = this.#now();
    const fullAt = Math.max(this.#fullAt, now) + this.#intervalMs;
    // Whole milliseconds: a rounding error must not make anybody wait.
    const waitMs = Math.floor(fullAt - now - this.#burst * this.#intervalMs);
    if (waitMs > maxWaitMs) return false;
    this.#fullAt = fullAt;
    if (waitMs > 0) await sleep(waitMs, signal);
    return true;
  }
}
