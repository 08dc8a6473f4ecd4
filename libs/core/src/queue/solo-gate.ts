export interface SoloGate {
  /** Runs beside others; waits while somebody has the process to itself. */
  beside<T>(work: () => Promise<T>): Promise<T>;
  /** Runs when nobody else does; undefined, without having run, when that does not come within `waitMs`. */
  alone<T>(work: () => Promise<T>, waitMs: number): Promise<{ readonly value: T } | undefined>;
}

/**
 * A job that may have killed a process runs alone, so that the next death has one suspect. `hold` stops new jobs from
 * being taken meanwhile: one that waits here already counts as running, and would be blamed too.
 */
export function createSoloGate(hold: () => void, release: () => void): SoloGate {
  let running = 0;
  let barrier: Promise<void> | undefined;
  let onIdle: (() => void) | undefined;

  function left(): void {
    running -= 1;
    if (running === 0) onIdle?.();
  }

  function idle(waitMs: number): Promise<boolean> {
    if (running === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, waitMs, false);
      onIdle = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  return {
    async beside(work) {
      while (barrier) await barrier;
      running += 1;
      try {
        return await work();
      } finally {
        left();
      }
    },

    async alone(work, waitMs) {
      if (barrier) return undefined;
      let lift: () => void = () => undefined;
      barrier = new Promise((resolve) => {
        lift = resolve;
      });
      hold();
      try {
        return (await idle(waitMs)) ? { value: await work() } : undefined;
      } finally {
        onIdle = undefined;
        barrier = undefined;
        lift();
        release();
      }
    },
  };
}
