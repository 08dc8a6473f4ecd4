import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, until, type TestDatabase } from '@bigbrotr/testing';

import { migrate } from '../db/migrate.js';
import { createPool, type Pool } from '../db/pool.js';
import { createLogger } from '../logging/logger.js';
import type { Outcome } from '../queue/outcome.js';
import { takeLeases } from './leases.js';
import { withLeases } from './with-leases.js';

const DONE: Outcome = { kind: 'done', result: 'ok' };

describe('withLeases', () => {
  let database: TestDatabase;
  let pool: Pool;
  const lines: string[] = [];
  const log = createLogger({ level: 'debug', pretty: false }, { destination: { write: (line) => lines.push(line) } });
  const never = new AbortController().signal;
  const one = (key: string) => [{ key, limit: 1 }];

  function open(): Pool {
    return createPool(
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
  }

  beforeAll(async () => {
    database = await createTestDatabase(migrate);
    pool = open();
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  async function holders(key: string): Promise<number> {
    const { rows } = await pool.query<{ n: number }>(
      'SELECT count(*)::integer AS n FROM leases WHERE key = $1 AND holder IS NOT NULL',
      [key],
    );
    return rows[0]?.n ?? 0;
  }

  it('holds the keys while the work runs, and says what the work says', async () => {
    let during = 0;
    const outcome = await withLeases(one('host:held:1'), { pool, log }, never, async ({ epoch, signal }) => {
      during = await holders('host:held:1');
      return { kind: 'done', result: `epoch-${epoch}${signal.aborted ? '-aborted' : ''}` };
    });

    expect(outcome).toEqual({ kind: 'done', result: 'epoch-1' });
    expect(during).toBe(1);
    expect(await holders('host:held:1')).toBe(0);
  });

  it('puts the job off, with the kind of key and not the key as its reason, where one is taken', async () => {
    await takeLeases(pool, one('host:busy.example:443'), 'other', 60_000);
    let worked = false;

    const keys = [...one('relay:9'), ...one('host:busy.example:443')];
    const outcome = await withLeases(keys, { pool, log }, never, () => {
      worked = true;
      return Promise.resolve(DONE);
    });

    expect(outcome).toEqual({ kind: 'later', delayMs: 1_000, reason: 'host-busy' });
    expect(worked).toBe(false);
    expect(await holders('relay:9')).toBe(0);
  });

  it('gives the keys back when the work throws', async () => {
    const bug = withLeases(one('relay:bug'), { pool, log }, never, () => Promise.reject(new Error('bug')));

    await expect(bug).rejects.toThrow('bug');
    expect(await holders('relay:bug')).toBe(0);
  });

  it("hands the caller's abort on", async () => {
    const caller = new AbortController();
    const outcome = withLeases(one('relay:abort'), { pool, log }, caller.signal, async ({ signal }) => {
      caller.abort('shutdown');
      await until(() => signal.aborted);
      return { kind: 'done', result: String(signal.reason) };
    });

    expect(await outcome).toEqual({ kind: 'done', result: 'shutdown' });
  });

  it('renews: longer work than the lease lasts keeps others out', async () => {
    const keys = one('relay:long');
    const outcome = await withLeases(keys, { pool, log, ttlMs: 600 }, never, async ({ signal }) => {
      await new Promise((resolve) => setTimeout(resolve, 1_200));
      const second = await takeLeases(pool, keys, 'second', 60_000);
      return { kind: 'done', result: `${second.ok ? 'stolen' : 'kept'}${signal.aborted ? '-aborted' : ''}` };
    });

    expect(outcome).toEqual({ kind: 'done', result: 'kept' });
  });

  it('aborts the work when another has taken over, and leaves his lease alone', async () => {
    const keys = one('relay:stolen');
    const outcome = await withLeases(keys, { pool, log, ttlMs: 3_000 }, never, async ({ signal }) => {
      await pool.query("UPDATE leases SET holder = 'thief', epoch = epoch + 1 WHERE key = 'relay:stolen'");
      // At the next renewal, well before the lease would have run out.
      await until(() => signal.aborted, { timeoutMs: 2_500 });
      return { kind: 'done', result: String(signal.reason) };
    });

    expect(outcome).toEqual({ kind: 'done', result: 'lease-lost' });
    expect(await holders('relay:stolen')).toBe(1);
  });

  it('aborts the work when the database was away for as long as the lease lasts, and still says what the work says', async () => {
    const own = open();
    lines.length = 0;
    const outcome = await withLeases(one('relay:cut'), { pool: own, log, ttlMs: 450 }, never, async ({ signal }) => {
      await own.end();
      await until(() => signal.aborted);
      return { kind: 'done', result: String(signal.reason) };
    });

    expect(outcome).toEqual({ kind: 'done', result: 'lease-lost' });
    expect(lines.join('')).toContain('lease not renewed');
    expect(lines.join('')).toContain('lease not released');
  });
});
