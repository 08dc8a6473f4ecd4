import { setTimeout } from 'node:timers/promises';

export interface UntilOptions {
  /** Default 10 s. */
  readonly timeoutMs?: number;
  /** Default 20 ms. */
  readonly everyMs?: number;
}

/** Waits for a condition and hands its value on. What the condition throws counts as "not yet", and is told at the deadline. */
export async function until<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 10_000, everyMs = 20 }: UntilOptions = {},
): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const { value, error } = await attempt(condition);
    if (value) return value;
    if (Date.now() > deadline) {
      throw new Error(`not within ${timeoutMs} ms: ${condition.toString().slice(0, 200)}`, { cause: error });
    }
    await setTimeout(everyMs);
  }
}

async function attempt<T>(condition: () => T | Promise<T>): Promise<{ value?: T; error?: unknown }> {
  try {
    return { value: await condition() };
  } catch (error) {
    return { error };
  }
}
