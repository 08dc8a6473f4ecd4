import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@bigbrotr/testing';

import { migrate } from '../db/migrate.js';
import { createPool, type Pool } from '../db/pool.js';
import { backOff, releaseLeases, renewLeases, takeLeases } from './leases.js';

describe('leases', () => {
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
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  const one = (key: string) => [{ key, limit: 1 }];

  it('gives a key to one holder, and to the next when it is released, with a higher epoch', async () => {
    const first = await takeLeases(pool, one('a'), 'h1', 10_000);
    const refused = await takeLeases(pool, one('a'), 'h2', 10_000);
    await releaseLeases(pool, one('a'), 'h1');
    const second = await takeLeases(pool, one('a'), 'h2', 10_000);

    expect(first).toMatchObject({ ok: true });
    expect(refused).toMatchObject({ ok: false, blockedBy: 'a' });
    expect(!refused.ok && refused.waitMs).toBe(1_000);
    expect(second.ok && first.ok && second.epoch > first.epoch).toBe(true);
  });

  it('never gives more slots than there are, whoever races', async () => {
    const keys = [{ key: 'busy', limit: 5 }];

    const results = await Promise.all(Array.from({ length: 60 }, (_, i) => takeLeases(pool, keys, `r${i}`, 60_000)));

    expect(results.filter((r) => r.ok).length).toBeGreaterThan(0);
    // Who loses a race for a slot is told to wait: asked again, the rest of the slots are given.
    for (let i = 0; i < 10; i++) await takeLeases(pool, keys, `again${i}`, 60_000);
    const { rows } = await pool.query(
      `SELECT count(*)::integer AS n FROM leases WHERE key = 'busy' AND holder IS NOT NULL`,
    );
    expect(rows).toEqual([{ n: 5 }]);
  });

  it('takes all keys or none', async () => {
    await takeLeases(pool, one('host:x'), 'other', 60_000);

    const refused = await takeLeases(pool, [...one('relay:1'), ...one('host:x')], 'me', 60_000);

    expect(refused).toMatchObject({ ok: false, blockedBy: 'host:x' });
    expect(await takeLeases(pool, one('relay:1'), 'you', 60_000)).toMatchObject({ ok: true });
  });

  it('frees what a dead holder leaves behind, and tells the dead one apart', async () => {
    await takeLeases(pool, one('dead'), 'zombie', 1);
    await pool.query(`UPDATE leases SET expires_at = now() - interval '1 ms' WHERE key = 'dead'`);

    expect(await takeLeases(pool, one('dead'), 'heir', 60_000)).toMatchObject({ ok: true });
    expect(await renewLeases(pool, one('dead'), 'zombie', 60_000)).toBe(false);
    await releaseLeases(pool, one('dead'), 'zombie');
    expect(await renewLeases(pool, one('dead'), 'heir', 60_000)).toBe(true);
  });

  it('asks everybody to wait while the relay wants quiet, and never shortens that', async () => {
    await backOff(pool, 'loud', 30_000);
    await backOff(pool, 'loud', 1_000);

    const refused = await takeLeases(pool, one('loud'), 'me', 10_000);

    expect(!refused.ok && refused.waitMs).toBeGreaterThan(25_000);
  });
});
