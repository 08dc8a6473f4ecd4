import type { Pool } from '@bigbrotr/core';

const BATCH = 10_000;

/** Makes the coming months' partitions and removes documents that no check refers to, a bounded batch at a time. */
export async function housekeep({ pool }: { readonly pool: Pool }, signal: AbortSignal): Promise<number> {
  await pool.query('SELECT relay_checks_partitions_ensure()');
  let deleted = 0;
  while (!signal.aborted) {
    const { rows } = await pool.query<{ n: number }>('SELECT orphan_metadata_delete($1) AS n', [BATCH]);
    const n = rows[0]?.n ?? 0;
    deleted += n;
    if (n < BATCH) break;
  }
  return deleted;
}
