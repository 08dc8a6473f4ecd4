import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@bigbrotr/testing';
import { metadataId } from '@bigbrotr/models';

import { migrate } from '../db/migrate.js';
import { createPool, type Pool } from '../db/pool.js';
import { storeChecks, type StoredCheck } from './metadata-store.js';

const URLS = ['wss://a.example.com', 'wss://b.example.com'] as const;

describe('storeChecks', () => {
  let database: TestDatabase;
  let pool: Pool;

  beforeAll(async () => {
    database = await createTestDatabase(migrate);
    pool = createPool(
      {
        url: database.url,
        max: 8,
        connectTimeoutMs: 5_000,
        statementTimeoutMs: 20_000,
        idleTimeoutMs: 5_000,
        applicationName: 'spec',
      },
      () => undefined,
    );
    await pool.query(
      "INSERT INTO relays (url, network, discovered_at) SELECT u, 'clearnet', 1 FROM unnest($1::text[]) AS u",
      [URLS],
    );
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  const info = (data: Record<string, unknown>): StoredCheck => ({
    type: 'nip11_info',
    success: true,
    durationMs: 12.6,
    data,
  });

  it('stores a document once, by its content, and an outcome beside it for each relay and time', async () => {
    await storeChecks(pool, URLS[0], 1_000, [info({ name: 'same', limit: { a: 1, b: 2 } })]);
    await storeChecks(pool, URLS[1], 1_001, [info({ limit: { b: 2, a: 1 }, name: 'same' })]);

    const { rows } = await pool.query<{ id: Buffer; data: unknown }>('SELECT id, data FROM metadata');
    expect(rows).toHaveLength(1);
    expect(rows[0]?.id).toEqual(metadataId({ name: 'same', limit: { a: 1, b: 2 } }));
    const checks = await pool.query(
      'SELECT relay_url, generated_at, metadata_type, success, duration_ms FROM relay_metadata ORDER BY generated_at',
    );
    expect(checks.rows).toEqual(
      URLS.map((relay_url, i) => ({
        relay_url,
        generated_at: 1_000 + i,
        metadata_type: 'nip11_info',
        success: true,
        duration_ms: 13,
      })),
    );
  });

  it('stores a failure without a document', async () => {
    const failed: StoredCheck = { type: 'nip66_ssl', success: false, reason: 'tls', durationMs: 5 };
    await storeChecks(pool, URLS[0], 2_000, [failed, info({ name: 'beside' })]);

    const { rows } = await pool.query(
      'SELECT metadata_type, success, reason, metadata_id IS NULL AS bare FROM relay_metadata WHERE generated_at = 2000 ORDER BY metadata_type',
    );
    expect(rows).toEqual([
      { metadata_type: 'nip11_info', success: true, reason: null, bare: false },
      { metadata_type: 'nip66_ssl', success: false, reason: 'tls', bare: true },
    ]);
  });

  it('is all or nothing', async () => {
    const bad = { ...info({ name: 'never' }), type: 'no_such_type' as 'nip11_info' };

    await expect(storeChecks(pool, URLS[0], 3_000, [info({ name: 'neither' }), bad])).rejects.toThrow();

    expect((await pool.query('SELECT 1 FROM relay_metadata WHERE generated_at = 3000')).rowCount).toBe(0);
    expect((await pool.query("SELECT 1 FROM metadata WHERE data ->> 'name' IN ('never', 'neither')")).rowCount).toBe(0);
  });
});
