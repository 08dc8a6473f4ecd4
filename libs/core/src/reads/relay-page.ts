import type { MetadataType } from '@bigbrotr/models';

import type { Queryable } from '../db/pool.js';
import type { RelayRow } from './list-relays.js';

/** The outcome of the last check of one type, and the last document that such a check brought. */
export interface RelayFact {
  readonly type: MetadataType;
  readonly checkedAt: number;
  readonly success: boolean;
  readonly reason: string | null;
  readonly durationMs: number | null;
  /** Unix seconds of the check that brought `data`, which may be an earlier one. */
  readonly documentAt: number | null;
  readonly data: Readonly<Record<string, unknown>> | null;
}

/** Checks of the connection, and how many of them it passed. */
export interface UptimeWindow {
  readonly days: number;
  readonly checks: number;
  readonly passed: number;
  /** Mean of the openings that worked, milliseconds. */
  readonly openMs: number | null;
}

export async function readRelayRow(db: Queryable, id: number): Promise<RelayRow | undefined> {
  const { rows } = await db.query<RelayRow>(
    `SELECT id, url, network, status, reason, since, discovered_at AS "discoveredAt", last_seen_at AS "lastSeenAt"
     FROM relays WHERE id = $1`,
    [id],
  );
  return rows[0];
}

/** One row for each type that was ever checked. */
export async function readRelayFacts(
  db: Queryable,
  relayId: number,
  types: readonly MetadataType[],
): Promise<RelayFact[]> {
  const { rows } = await db.query<RelayFact>(
    `SELECT t.type, c.generated_at AS "checkedAt", c.success, c.reason, c.duration_ms AS "durationMs",
       d.generated_at AS "documentAt", m.data
     FROM unnest($2::text[]) WITH ORDINALITY AS t(type, position)
     JOIN LATERAL (
       SELECT generated_at, success, reason, duration_ms FROM relay_checks
       WHERE relay_id = $1 AND metadata_type = t.type ORDER BY generated_at DESC LIMIT 1
     ) c ON true
     LEFT JOIN LATERAL (
       SELECT generated_at, metadata_id FROM relay_checks
       WHERE relay_id = $1 AND metadata_type = t.type AND metadata_id IS NOT NULL ORDER BY generated_at DESC LIMIT 1
     ) d ON true
     LEFT JOIN metadata m ON m.id = d.metadata_id AND m.type = t.type
     ORDER BY t.position`,
    [relayId, types],
  );
  return rows;
}

/** Up to so many days a window is counted by the hour, a longer one by the day. */
const HOURLY_DAYS = 7;

/**
 * How often the relay could be opened, over each of these numbers of days. `now` in unix seconds. A window begins with
 * the hour, a long one with the day, that holds its first moment.
 */
export async function readUptime(
  db: Queryable,
  relayId: number,
  days: readonly number[],
  now: number,
): Promise<UptimeWindow[]> {
  const { rows } = await db.query<UptimeWindow>(
    `SELECT w.days, coalesce(u.checks, 0)::integer AS checks, coalesce(u.passed, 0)::integer AS passed,
       round(u.open_ms::numeric / nullif(u.passed, 0))::integer AS "openMs"
     FROM unnest($2::integer[]) WITH ORDINALITY AS w(days, position)
     CROSS JOIN LATERAL (
       SELECT sum(s.checks) AS checks, sum(s.passed) AS passed, sum(s.open_ms) AS open_ms FROM (
         SELECT checks, passed, open_ms FROM relay_uptime_hours
         WHERE w.days <= $4 AND relay_id = $1 AND starts_at > $3 - w.days * 86400::bigint - 3600 AND starts_at <= $3
         UNION ALL
         SELECT checks, passed, open_ms FROM relay_uptime_days
         WHERE w.days > $4 AND relay_id = $1 AND starts_at > $3 - w.days * 86400::bigint - 86400 AND starts_at <= $3
       ) s
     ) u
     ORDER BY w.position`,
    [relayId, days, now, HOURLY_DAYS],
  );
  return rows;
}

/** Events that were seen on the relay; counted no further than `most`. */
export async function countEventsOf(db: Queryable, relayId: number, most: number): Promise<number> {
  const { rows } = await db.query<{ n: number }>(
    'SELECT count(*)::integer AS n FROM (SELECT 1 FROM event_seen WHERE relay_id = $1 LIMIT $2) seen',
    [relayId, most],
  );
  return rows[0]?.n ?? 0;
}
