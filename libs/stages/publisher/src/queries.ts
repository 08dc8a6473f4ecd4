import { readRelayProbes, type Queryable, type RelayProbes } from '@bigbrotr/core';
import type { MetadataType, Network, RelayStatus, RelayUrl } from '@bigbrotr/models';

/** The last round in which a relay was looked at, and what it brought. */
export interface Round {
  readonly url: RelayUrl;
  readonly network: Network;
  readonly status: RelayStatus;
  readonly reason: string | null;
  /** Unix seconds. */
  readonly checkedAt: number;
  /** It opened, and it answered as a relay does. */
  readonly seen: boolean;
  readonly documents: ReadonlyMap<MetadataType, Readonly<Record<string, unknown>>>;
  readonly probes: RelayProbes | undefined;
}

/** Undefined for a relay that is unknown or was never looked at. */
export async function readLastRound(db: Queryable, relayId: number): Promise<Round | undefined> {
  const { rows } = await db.query<Omit<Round, 'documents' | 'probes'>>(
    `SELECT r.url, r.network, r.status, r.reason, c.generated_at AS "checkedAt",
       c.success AND coalesce(r.last_seen_at >= c.generated_at, false) AS seen
     FROM relays r
     JOIN LATERAL (
       SELECT generated_at, success FROM relay_checks
       WHERE relay_id = r.id AND metadata_type = 'nip66_rtt' ORDER BY generated_at DESC LIMIT 1
     ) c ON true
     WHERE r.id = $1`,
    [relayId],
  );
  const round = rows[0];
  if (!round) return undefined;
  const found = await db.query<{ type: MetadataType; data: Record<string, unknown> }>(
    `SELECT m.type, m.data FROM relay_checks c JOIN metadata m ON m.id = c.metadata_id AND m.type = c.metadata_type
     WHERE c.relay_id = $1 AND c.generated_at = $2`,
    [relayId, round.checkedAt],
  );
  return {
    ...round,
    documents: new Map(found.rows.map(({ type, data }) => [type, data])),
    probes: await readRelayProbes(db, relayId),
  };
}
