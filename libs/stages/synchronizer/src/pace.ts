const STEPS_MS = [0, 250, 500, 1_000, 2_000] as const;
/** Whole answers in a row after which a step is taken back. */
const RECOVER_AFTER = 10;

/** How long to wait before each request. Relays that complain are asked more slowly, and faster again when all is well. */
export class Pace {
  #step = 0;
  #good = 0;

  get delayMs(): number {
    return STEPS_MS[this.#step] ?? 0;
  }

  /** False when it cannot get any slower. */
  slower(): boolean {
    this.#good = 0;
    if (this.#step >= STEPS_MS.length - 1) return false;
    this.#step++;
    return true;
  }

  wentWell(): void {
    if (this.#step === 0 || ++this.#good < RECOVER_AFTER) return;
    this.#good = 0;
    this.#step--;
  }
}
