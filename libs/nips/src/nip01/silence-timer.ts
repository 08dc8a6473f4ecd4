/** Node turns longer timers into timers of 1 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Fires once when nothing was heard for `silenceMs`. Hearing is cheap (no timer is touched), and time in which
 * we could not hear does not count: a held timer stands still, and a blocked event loop gets to read what has
 * arrived before the timer speaks.
 */
export class SilenceTimer {
  readonly #silenceMs: number;
  readonly #onSilence: () => void;
  #heardAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(silenceMs: number, onSilence: () => void) {
    this.#silenceMs = silenceMs;
    this.#onSilence = onSilence;
    this.resume();
  }

  heard(): void {
    this.#heardAt = performance.now();
  }

  hold(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Starts anew with the whole of `silenceMs`. */
  resume(): void {
    if (this.#stopped || this.#silenceMs === Infinity) return;
    this.hold();
    this.heard();
    this.#arm(this.#silenceMs);
  }

  stop(): void {
    this.#stopped = true;
    this.hold();
  }

  #arm(ms: number): void {
    this.#timer = setTimeout(() => this.#check(), Math.min(ms, LONGEST_TIMER_MS));
  }

  #check(): void {
    const timer = this.#timer;
    if (this.#rearmed()) return;
    // Timers run before sockets are read: look again after the next read.
    setImmediate(() => {
      if (this.#stopped || this.#timer !== timer || this.#rearmed()) return;
      this.stop();
      this.#onSilence();
    });
  }

  #rearmed(): boolean {
    const leftMs = this.#heardAt + this.#silenceMs - performance.now();
    if (leftMs <= 0) return false;
    this.#arm(leftMs);
    return true;
  }
}
