import type { Queryable } from '../db/pool.js';

export interface AuditEntry {
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly detail: Readonly<Record<string, string | number | boolean>>;
}

/** Written before the deed. Returns the id under which its outcome is added. */
export async function writeAudit(db: Queryable, { actor, action, target, detail }: AuditEntry): Promise<number> {
  const { rows } = await db.query<{ id: number }>(
    'INSERT INTO audit_log (actor, action, target, detail) VALUES ($1, $2, $3, $4) RETURNING id',
    [actor, action, target, JSON.stringify(detail)],
  );
  const row = rows[0];
  if (!row) throw new Error('an insert that returned no row');
  return row.id;
}

/** Adds what became of it. */
export async function settleAudit(db: Queryable, id: number, outcome: AuditEntry['detail']): Promise<void> {
  await db.query('UPDATE audit_log SET detail = detail || $2::jsonb WHERE id = $1', [id, JSON.stringify(outcome)]);
}
