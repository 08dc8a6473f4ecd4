import type { MetadataType } from '@bigbrotr/models';

import type { Queryable } from '../db/pool.js';
import { createSqlValues } from './sql-values.js';

/** One check of one relay. Times in unix seconds. */
export interface CheckRow {
  readonly generatedAt: number;
  readonly type: MetadataType;
  readonly success: boolean;
  readonly reason: string | null;
  readonly durationMs: number | null;
  /** SHA-256 of the document, in hex. */
  readonly metadataId: string | null;
  readonly data: Readonly<Record<string, unknown>> | null;
}

export interface CheckFilter {
  readonly types?: readonly MetadataType[] | undefined;
  /** Both inclusive. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

export type CheckPosition = readonly [generatedAt: number, type: string];

/** Newest first. */
export async function listChecks(
  db: Queryable,
  relayId: number,
  { types, since, until }: CheckFilter,
  { after, limit }: { readonly after?: CheckPosition | undefined; readonly limit: number },
): Promise<CheckRow[]> {
  const values = createSqlValues();
  const conditions = [`c.relay_id = ${values.add(relayId)}`];
  if (types) conditions.push(`c.metadata_type = ANY (${values.add(types)}::text[])`);
  if (since !== undefined) conditions.push(`c.generated_at >= ${values.add(since)}`);
  if (until !== undefined) conditions.push(`c.generated_at <= ${values.add(until)}`);
  if (after)
    conditions.push(
      `(c.generated_at, c.metadata_type) < (${values.add(after[0])}::bigint, ${values.add(after[1])}::text)`,
    );
  const { rows } = await db.query<CheckRow>(
    `SELECT c.generated_at AS "generatedAt", c.metadata_type AS type, c.success, c.reason, c.duration_ms AS "durationMs",
       encode(c.metadata_id, 'hex') AS "metadataId", m.data
     FROM relay_checks c LEFT JOIN metadata m ON m.id = c.metadata_id AND m.type = c.metadata_type
     WHERE ${conditions.join(' AND ')}
     ORDER BY c.generated_at DESC, c.metadata_type DESC LIMIT ${values.add(limit)}`,
    [...values.list],
  );
  return rows;
}
