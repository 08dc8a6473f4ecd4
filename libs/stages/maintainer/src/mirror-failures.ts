import { storeFailure, type DeadLetters, type Pool } from '@bigbrotr/core';

const PAGE = 100;

/** Copies the dead letters of each queue into `job_failures`, where they outlive the queue backend. Returns how many there are. */
export async function mirrorFailures(
  queues: readonly string[],
  { pool, deadLetters }: { readonly pool: Pool; readonly deadLetters: DeadLetters },
  signal: AbortSignal,
): Promise<number> {
  let seen = 0;
  for (const queue of queues) {
    for (let offset = 0; !signal.aborted; offset += PAGE) {
      const page = await deadLetters.list(queue, { offset, limit: PAGE });
      for (const letter of page) await storeFailure(pool, letter);
      seen += page.length;
      if (page.length < PAGE) break;
    }
  }
  return seen;
}
