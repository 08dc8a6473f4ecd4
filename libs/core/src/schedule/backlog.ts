import type { Backlog } from '../metrics/backlog-metrics.js';
import type { Queryable } from '../db/pool.js';

/** What is overdue, by stage and network: the measure that fleets scale on, since queues are kept short. */
export async function readBacklog(db: Queryable): Promise<Backlog[]> {
  const { rows } = await db.query<Backlog>(
    `SELECT stage, network, count(*)::integer AS due, extract(epoch FROM now() - min(next_due_at))::float8 AS "oldestSeconds"
     FROM relay_tasks WHERE next_due_at <= now() AND NOT disabled GROUP BY stage, network
     UNION ALL
     SELECT 'validator', network, count(*)::integer, extract(epoch FROM now() - min(next_due_at))::float8
     FROM candidates WHERE next_due_at <= now() AND NOT exhausted GROUP BY network`,
  );
  return rows;
}
