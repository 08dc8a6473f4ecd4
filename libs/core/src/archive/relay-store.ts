import type { Network, RelayStatus, RelayUrl } from '@bigbrotr/models';

import { type Pool, type Queryable, transaction } from '../db/pool.js';

export interface Relay {
  readonly id: number;
  readonly url: RelayUrl;
  readonly network: Network;
  readonly status: RelayStatus;
}

export async function readRelay(db: Queryable, id: number): Promise<Relay | undefined> {
  const { rows } = await db.query<Relay>('SELECT id, url, network, status FROM relays WHERE id = $1', [id]);
  return rows[0];
}

export async function findRelay(db: Queryable, url: RelayUrl): Promise<Relay | undefined> {
  const { rows } = await db.query<Relay>('SELECT id, url, network, status FROM relays WHERE url = $1', [url]);
  return rows[0];
}

export interface Promotion {
  readonly candidateId: number;
  readonly finding: { readonly status: RelayStatus; readonly reason?: string };
  /** Stages that keep a schedule of this relay; each is due at once. */
  readonly stages: readonly string[];
  /** Unix seconds. */
  readonly at: number;
}

/**
 * A candidate becomes a relay: one transaction that takes the candidate away, adds the relay and makes it due.
 * Undefined when the candidate is gone already; a repeated promotion answers with the relay that stands.
 */
export function promoteCandidate(
  pool: Pool,
  { candidateId, finding, stages, at }: Promotion,
): Promise<Relay | undefined> {
  return transaction(pool, async (tx) => {
    const gone = await tx.query<{ url: string; network: string; discovered_at: number }>(
      'DELETE FROM candidates WHERE id = $1 RETURNING url, network, discovered_at',
      [candidateId],
    );
    const candidate = gone.rows[0];
    if (!candidate) return undefined;
    const { rows } = await tx.query<Relay>(
      `INSERT INTO relays (url, network, discovered_at, status, reason, since, last_seen_at)
       VALUES ($1, $2, $3, $4, $5, $6, $6)
       ON CONFLICT (url) DO UPDATE SET last_seen_at = greatest(relays.last_seen_at, excluded.last_seen_at)
       RETURNING id, url, network, status`,
      [candidate.url, candidate.network, candidate.discovered_at, finding.status, finding.reason ?? null, at],
    );
    const relay = rows[0];
    if (!relay) throw new Error('an upsert that returned no row');
    await tx.query(
      `INSERT INTO relay_tasks (stage, relay_id, network)
       SELECT s.stage, $1, $2 FROM unnest($3::text[]) AS s(stage) ORDER BY s.stage
       ON CONFLICT DO NOTHING`,
      [relay.id, relay.network, stages],
    );
    return relay;
  });
}

/** Records what was found of a relay. `since` moves only when the status does. */
export async function recordStatus(
  db: Queryable,
  relayId: number,
  found: { readonly status: RelayStatus; readonly reason?: string; readonly seen: boolean; readonly at: number },
): Promise<void> {
  await db.query(
    `UPDATE relays SET since = CASE WHEN status = $2 THEN coalesce(since, $4) ELSE $4 END,
       status = $2, reason = $3, last_seen_at = CASE WHEN $5 THEN $4 ELSE last_seen_at END
     WHERE id = $1`,
    [relayId, found.status, found.reason ?? null, found.at, found.seen],
  );
}

/** What a verdict on a relay has to go by, besides the last look at it. Unix seconds. */
export interface RelayHealth {
  readonly status: RelayStatus;
  readonly reason: string | null;
  readonly lastSeenAt: number | null;
  readonly discoveredAt: number;
  /** Looks in a row that found it missing. */
  readonly failures: number;
}

/** `failures` are those of the stage. Undefined for a relay that is gone. */
export async function readRelayHealth(db: Queryable, relayId: number, stage: string): Promise<RelayHealth | undefined> {
  const { rows } = await db.query<RelayHealth>(
    `SELECT r.status, r.reason, r.last_seen_at AS "lastSeenAt", r.discovered_at AS "discoveredAt", coalesce(t.failures, 0) AS failures
     FROM relays r LEFT JOIN relay_tasks t ON t.relay_id = r.id AND t.stage = $2 WHERE r.id = $1`,
    [relayId, stage],
  );
  return rows[0];
}
