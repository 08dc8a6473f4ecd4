import { type MetadataType, metadataId } from '@bigbrotr/models';

import { booleanArray, byteaArray, numberArray, textArray } from '../db/arrays.js';
import { type Pool, transaction, type Transaction } from '../db/pool.js';

/** One check of one relay. `data` is pruned canonical JSON data when the check brought a document. */
export interface StoredCheck {
  readonly type: MetadataType;
  readonly success: boolean;
  readonly reason?: string;
  readonly durationMs: number;
  readonly data?: Readonly<Record<string, unknown>>;
  /** The document as received, when it differs from what jsonb can hold. */
  readonly raw?: Buffer;
}

/** Stores each document once, by content hash, and each outcome beside it. */
export function storeChecks(pool: Pool, relayUrl: string, at: number, checks: readonly StoredCheck[]): Promise<void> {
  return transaction(pool, (tx) => putChecks(tx, relayUrl, at, checks));
}

/** The same inside the caller's transaction. */
export async function putChecks(
  tx: Transaction,
  relayUrl: string,
  at: number,
  checks: readonly StoredCheck[],
): Promise<void> {
  const documents = checks.flatMap((c) =>
    c.data === undefined ? [] : [{ ...c, id: metadataId(c.data).toString('hex') }],
  );
  if (documents.length > 0) {
    await tx.query('SELECT metadata_insert($1, $2, $3, $4)', [
      byteaArray(documents.map((d) => d.id)),
      textArray(documents.map((d) => d.type)),
      textArray(documents.map((d) => JSON.stringify(d.data))),
      byteaArray(documents.map((d) => d.raw?.toString('hex') ?? null)),
    ]);
  }
  const idByType = new Map(documents.map((d) => [d.type, d.id]));
  await tx.query('SELECT relay_metadata_insert($1, $2, $3, $4, $5, $6, $7)', [
    textArray(checks.map(() => relayUrl)),
    byteaArray(checks.map((c) => idByType.get(c.type) ?? null)),
    textArray(checks.map((c) => c.type)),
    numberArray(checks.map(() => at)),
    booleanArray(checks.map((c) => c.success)),
    textArray(checks.map((c) => c.reason ?? null)),
    numberArray(checks.map((c) => Math.round(c.durationMs))),
  ]);
}
