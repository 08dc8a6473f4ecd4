import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@bigbrotr/testing';

import { storeChecks } from '../archive/metadata-store.js';
import { migrate } from '../db/migrate.js';
import { createPool, type Pool } from '../db/pool.js';
import { readUptime } from './relay-page.js';

const DAY = 86_400;
/** A midnight. */
const NOW = 1_700_006_400;
const URL = 'wss://relay.example.com';

describe('uptime', () => {
  let database: TestDatabase;
  let pool: Pool;
  let relayId = 0;

  beforeAll(async () => {
    database = await createTestDatabase(migrate);
    pool = createPool(
      {
        url: database.url,
        max: 4,
        connectTimeoutMs: 5_000,
        statementTimeoutMs: 20_000,
        idleTimeoutMs: 5_000,
        applicationName: 'spec',
      },
      () => undefined,
    );
    const { rows } = await pool.query<{ id: number }>(
      "INSERT INTO relays (url, network, discovered_at) VALUES ($1, 'clearnet', 1) RETURNING id",
      [URL],
    );
    relayId = rows[0]!.id;
    // Every six hours for forty days, each fourth look in vain.
    for (let i = 0; i < 160; i++) await look(NOW - 60 - i * 21_600, i % 4 !== 3, 50 + (i % 2) * 10);
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  function look(at: number, up: boolean, openMs: number): Promise<void> {
    const rtt = up ? { success: true, data: { rtt_open: openMs } } : { success: false, reason: 'timeout' };
    const others = [{ type: 'nip66_ssl', success: false, reason: 'tls', durationMs: 1 }] as const;
    return storeChecks(pool, URL, at, [{ type: 'nip66_rtt', durationMs: openMs, ...rtt }, ...others]);
  }

  it('counts looks at the connection, by the hour and by the day', async () => {
    // Passed are the looks of 50, 60 and 50 ms of every four.
    expect(await readUptime(pool, relayId, [1, 7, 30, 90], NOW)).toEqual([
      { days: 1, checks: 4, passed: 3, openMs: 53 },
      { days: 7, checks: 28, passed: 21, openMs: 53 },
      { days: 30, checks: 120, passed: 90, openMs: 53 },
      { days: 90, checks: 160, passed: 120, openMs: 53 },
    ]);
  });

  it('knows nothing of a time without looks', async () => {
    expect(await readUptime(pool, relayId, [1, 90], NOW - 400 * DAY)).toEqual([
      { days: 1, checks: 0, passed: 0, openMs: null },
      { days: 90, checks: 0, passed: 0, openMs: null },
    ]);
  });

  it('does not count twice what is stored twice', async () => {
    await look(NOW - 60, true, 50);
    await look(NOW - 60, true, 50);

    expect(await readUptime(pool, relayId, [1], NOW)).toEqual([{ days: 1, checks: 4, passed: 3, openMs: 53 }]);
  });

  it('loses no look when many are stored at once', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => look(NOW + 10 + i, true, 50)));

    const { rows } = await pool.query(
      'SELECT checks, passed, open_ms FROM relay_uptime_hours WHERE relay_id = $1 AND starts_at = $2',
      [relayId, NOW],
    );
    expect(rows).toEqual([{ checks: 20, passed: 20, open_ms: 1_000 }]);
  });

  it('outlives the raw checks', async () => {
    await pool.query('DELETE FROM relay_checks');

    expect(await readUptime(pool, relayId, [90], NOW)).toMatchObject([{ checks: 180 }]);
  });
});
