interface Waiter {
  readonly limit: number;
  readonly admit: () => void;
}

/**
 * Counts holders per key. Whoever finds a key full waits in order of arrival; the queue of all keys together is bounded.
 * Each caller names its own limit, so that one kind of holder can be allowed more than another.
 */
export class KeyedLimiter {
  readonly #maxWaiting: number;
  readonly #holders = new Map<string, number>();
  readonly #waiters = new Map<string, Waiter[]>();
  #waiting = 0;

  constructor(maxWaiting: number) {
    this.#maxWaiting = maxWaiting;
  }

  /**
   * Resolves to the function that gives the place back (harmless when called twice), or to undefined when the queue is
   * full. Rejects with the signal's reason when it fires first.
   */
  async acquire(key: string, limit: number, signal: AbortSignal): Promise<(() => void) | undefined> {
    signal.throwIfAborted();
    if ((this.#holders.get(key) ?? 0) < limit) {
      this.#hold(key);
    } else {
      if (this.#waiting >= this.#maxWaiting) return undefined;
      await this.#turn(key, limit, signal);
    }
    return this.#releaseOnce(key);
  }

  #turn(key: string, limit: number, signal: AbortSignal): Promise<void> {
    const queue = this.#waiters.get(key) ?? [];
    this.#waiters.set(key, queue);
    this.#waiting += 1;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        signal.removeEventListener('abort', onAbort);
        queue.splice(queue.indexOf(waiter), 1);
        if (queue.length === 0) this.#waiters.delete(key);
        this.#waiting -= 1;
      };
      const onAbort = (): void => {
        leave();
        reject(signal.reason as Error);
      };
      const waiter: Waiter = {
        limit,
        admit: () => {
          leave();
          this.#hold(key);
          resolve();
        },
      };
      queue.push(waiter);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  #hold(key: string): void {
    this.#holders.set(key, (this.#holders.get(key) ?? 0) + 1);
  }

  #releaseOnce(key: string): () => void {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const left = (this.#holders.get(key) ?? 0) - 1;
      if (left > 0) this.#holders.set(key, left);
      else this.#holders.delete(key);
      this.#waiters
        .get(key)
        ?.find((waiter) => left < waiter.limit)
        ?.admit();
    };
  }
}
