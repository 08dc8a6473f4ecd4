import { setTimeout as wait } from 'node:timers/promises';

/** Longest wait that Node's timers can hold; a longer one would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** Waits `ms` milliseconds (at most 24 days). Rejects with the signal's reason as soon as it fires. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  try {
    await wait(Math.min(Math.max(ms, 0), LONGEST_MS), undefined, signal && { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
