import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@bigbrotr/testing';

import { migrate } from '../db/migrate.js';
import { createPool, type Pool } from '../db/pool.js';
import { createGenerationMirror } from './generation-store.js';
import { readRelayProbes, writeRelayProbes } from './relay-probes.js';
import { readServiceData, writeServiceData } from './service-data.js';

describe('service data', () => {
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

  it('keeps one document per service, type and key', async () => {
    await writeServiceData(pool, 'finder', 'cursor', 'a', { at: 1 }, 10);
    await writeServiceData(pool, 'finder', 'cursor', 'b', { at: 2 }, 10);
    await writeServiceData(pool, 'finder', 'cursor', 'a', { at: 3 }, 11);

    expect(await readServiceData(pool, 'finder', 'cursor', 'a')).toEqual({ at: 3 });
    expect(await readServiceData(pool, 'finder', 'cursor', 'b')).toEqual({ at: 2 });
    expect(await readServiceData(pool, 'finder', 'state', 'a')).toBeUndefined();
  });

  it('gives back what the monitor tried of a relay, and nothing that other code wrote', async () => {
    const probes = { probedAt: 5, support: { 77: true, 45: false }, write: { at: 4, result: 'confirmed' as const } };
    await writeRelayProbes(pool, 1, probes, 5);
    await writeServiceData(pool, 'monitor', 'state', 'probes:2', { probedAt: 'long ago' }, 5);

    expect(await readRelayProbes(pool, 1)).toEqual(probes);
    expect(await readRelayProbes(pool, 2)).toBeUndefined();
    expect(await readRelayProbes(pool, 3)).toBeUndefined();
  });

  it('moves the generation from the one that was expected, for one of those who race', async () => {
    const mirror = createGenerationMirror(pool);
    expect(await mirror.read()).toBeUndefined();

    const first = await Promise.all(['g1', 'g2', 'g3'].map((next) => mirror.replace(undefined, next)));
    const winner = await mirror.read();
    expect(first.filter(Boolean)).toHaveLength(1);
    expect(winner).toBe(['g1', 'g2', 'g3'][first.indexOf(true)]);

    expect(await mirror.replace('another', 'g4')).toBe(false);
    expect(await mirror.replace(winner, 'g5')).toBe(true);
    expect(await mirror.read()).toBe('g5');
  });
});
