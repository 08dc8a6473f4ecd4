import type { Queryable } from '../db/pool.js';

/** The archive at a glance. */
export interface Overview {
  /** Still to be proven. */
  readonly candidates: number;
  readonly exhausted: number;
  readonly relays: number;
  /** Those that answered when they were last looked at. */
  readonly online: number;
  /** Estimated from the planner's statistics once the table is large: an exact count would read all of it. */
  readonly events: number;
  readonly provenance: number;
  readonly due: number;
}

/** Up to this many rows are counted one by one. */
const EXACT = 100_000;

export async function overview(db: Queryable): Promise<Overview> {
  const { rows } = await db.query<Overview>(
    `SELECT
       (SELECT count(*) FROM candidates WHERE NOT exhausted)::integer AS candidates,
       (SELECT count(*) FROM candidates WHERE exhausted)::integer AS exhausted,
       (SELECT count(*) FROM relays)::integer AS relays,
       (SELECT count(*) FROM relays WHERE status IN ('online', 'auth', 'restricted', 'degraded'))::integer AS online,
       (SELECT count(*) FROM relay_tasks WHERE next_due_at <= now() AND NOT disabled)::integer AS due`,
  );
  const row = rows[0];
  if (!row) throw new Error('a query of counts without a row');
  return { ...row, events: await sizeOf(db, 'events'), provenance: await sizeOf(db, 'event_seen') };
}

async function sizeOf(db: Queryable, table: 'events' | 'event_seen'): Promise<number> {
  const { rows } = await db.query<{ estimate: number; counted: number }>(
    `SELECT (SELECT reltuples::float8 FROM pg_class WHERE oid = to_regclass($1)) AS estimate,
       (SELECT count(*)::integer FROM (SELECT 1 FROM ${table} LIMIT ${EXACT}) t) AS counted`,
    [table],
  );
  const { estimate = 0, counted = 0 } = rows[0] ?? {};
  return counted < EXACT ? counted : Math.max(counted, Math.round(estimate));
}
