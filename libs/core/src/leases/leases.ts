import type { Queryable } from '../db/pool.js';

/** A key and how many may hold it at a time. */
export interface LeaseKey {
  readonly key: string;
  readonly limit: number;
}

export type LeaseResult =
  | { readonly ok: true; readonly epoch: number }
  | { readonly ok: false; readonly blockedBy: string; readonly waitMs: number };

export function relayLeaseKey(relayId: number): string {
  return `relay:${relayId}`;
}

/** @param hostKey `host:port` */
export function hostLeaseKey(hostKey: string): string {
  return `host:${hostKey}`;
}

/**
 * Takes one slot of every key or none. The epoch is that of the first key and fences the holder's progress.
 * Keys are taken in the order given; all callers use the same order (relay before host), so none waits for another.
 */
export async function takeLeases(
  db: Queryable,
  keys: readonly LeaseKey[],
  holder: string,
  ttlMs: number,
): Promise<LeaseResult> {
  const { rows } = await db.query<{ epoch: number | null; blocked_by: string | null; wait_ms: number }>(
    'SELECT epoch, blocked_by, wait_ms FROM leases_take($1, $2, $3, $4)',
    [keys.map((k) => k.key), keys.map((k) => k.limit), holder, ttlMs],
  );
  const row = rows[0];
  if (row?.epoch != null) return { ok: true, epoch: row.epoch };
  return { ok: false, blockedBy: row?.blocked_by ?? '', waitMs: row?.wait_ms ?? 1_000 };
}

/** Prolongs what the holder still has. False when nothing is left: another may be at work. */
export async function renewLeases(
  db: Queryable,
  keys: readonly LeaseKey[],
  holder: string,
  ttlMs: number,
): Promise<boolean> {
  const { rowCount } = await db.query(
    'UPDATE leases SET expires_at = now() + make_interval(secs => $3 / 1000.0) WHERE key = ANY ($1) AND holder = $2',
    [keys.map((k) => k.key), holder, ttlMs],
  );
  return rowCount === keys.length;
}

/** Frees what the holder still has; what was taken over in the meantime is left alone. */
export async function releaseLeases(db: Queryable, keys: readonly LeaseKey[], holder: string): Promise<void> {
  await db.query('UPDATE leases SET holder = NULL, expires_at = NULL WHERE key = ANY ($1) AND holder = $2', [
    keys.map((k) => k.key),
    holder,
  ]);
}

/** The relay asked us to wait: nobody asks it again before. Never shortens a longer wait. */
export async function backOff(db: Queryable, key: string, waitMs: number): Promise<void> {
  await db.query(
    `INSERT INTO leases AS l (key, slot, backoff_until) VALUES ($1, 0, now() + make_interval(secs => $2 / 1000.0))
     ON CONFLICT (key, slot) DO UPDATE SET backoff_until = greatest(l.backoff_until, excluded.backoff_until)`,
    [key, waitMs],
  );
}
