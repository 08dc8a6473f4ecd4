import type { Queryable } from '../db/pool.js';
import type { DeadLetter } from '../queue/dead-letters.js';

/** Keeps a dead letter. What is known is left alone, and what an operator decided about it stands, unless the job failed again. */
export async function storeFailure(db: Queryable, letter: DeadLetter): Promise<void> {
  await db.query(
    `INSERT INTO job_failures AS f (queue, job_id, data, reason, stack, attempts, stalled, first_at, last_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, to_timestamp($8 / 1000.0), to_timestamp($9 / 1000.0))
     ON CONFLICT (queue, job_id) DO UPDATE SET reason = excluded.reason, stack = excluded.stack, attempts = excluded.attempts,
       stalled = excluded.stalled, last_at = excluded.last_at, state = 'open' WHERE excluded.last_at > f.last_at`,
    [
      letter.queue,
      letter.jobId,
      JSON.stringify(letter.data),
      letter.reason,
      letter.stack ?? null,
      letter.attempts,
      letter.stalled,
      letter.addedAt,
      letter.failedAt,
    ],
  );
}
