import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createLogger, DatabaseError, findRelay, migrate, putCandidates, QueueError } from '@bigbrotr/core';
import { parseRelayUrl, relayUrlParts } from '@bigbrotr/models';
import {
  createEventFactory,
  createTestDatabase,
  needs,
  startScriptedRelay,
  until,
  type TestDatabase,
} from '@bigbrotr/testing';

import { AppConfig } from './config.js';
import { openHouse, type House } from './house.js';
import { IdentityError } from './identity.js';
import { STAGES } from './stages.js';

const ALL = STAGES.map((stage) => stage.name);

describe('openHouse', () => {
  let database: TestDatabase;
  const lines: string[] = [];
  const log = createLogger({ level: 'warn', pretty: false }, { destination: { write: (line) => lines.push(line) } });

  beforeAll(async () => {
    database = await createTestDatabase(migrate);
  });

  afterAll(() => database.drop());

  function open(sections: object, stages = ALL, url: string | undefined = database.url): Promise<House> {
    const config = AppConfig.parse({
      database: { url, pool: { max: 30 } },
      networks: { clearnet: { enabled: false }, local: { enabled: true, discover: true, timeout: '2s' } },
      worker: { concurrency: 2 },
      dispatcher: { interval: '200ms' },
      ...sections,
    });
    return openHouse(config, { stages, networks: ['local'] }, { log, onFatal: (error) => lines.push(String(error)) });
  }

  async function connections(): Promise<number> {
    const house = await open({ queue: { backend: 'postgres' } }, []);
    const { rows } = await house.storage.pool.query<{ n: number }>(
      `SELECT count(*)::integer AS n FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
         AND backend_type = 'client backend' AND application_name = 'left-behind'`,
    );
    await house.close();
    return rows[0]?.n ?? -1;
  }

  /** The whole way: a candidate in the table is claimed, proven, promoted. */
  async function worksAndCloses(queue: object): Promise<void> {
    const relay = await startScriptedRelay({
      events: createEventFactory({ seed: 3 }).corpus({ count: 3, since: 1_000, until: 2_000 }),
    });
    const house = await open({ queue });
    try {
      const parsed = parseRelayUrl(relay.url, { local: true });
      if (!parsed.ok) throw new Error(parsed.reason);
      const { url, network } = parsed;
      await putCandidates(house.storage.pool, [{ url, network, host: relayUrlParts(url).host, source: 'spec' }], 1);

      await until(() => findRelay(house.storage.pool, url), { timeoutMs: 20_000 });

      const { signal } = new AbortController();
      for (const check of Object.values(house.checks)) await expect(check.probe(signal)).resolves.toBeDefined();
      expect(await house.registry.metrics()).toContain('bigbrotr_job_outcomes_total{');
    } finally {
      await house.close();
      await relay.close();
    }
    await expect(house.storage.pool.query('SELECT 1')).rejects.toThrow();
    // Again is no error: a second signal comes easily.
    await house.close();
    expect(relay.openSockets).toBe(0);
  }

  it('works over PostgreSQL alone, and ends everything that it began', async () => {
    await worksAndCloses({ backend: 'postgres' });
  }, 60_000);

  needs('redis')('with Redis', () => {
    it('works, and ends everything that it began', async () => {
      await worksAndCloses({ redisUrl: process.env['BIGBROTR_TEST_REDIS_URL'], prefix: `spec-${randomUUID()}` });
    }, 60_000);
  });

  it('says what to do without a database', async () => {
    const config = AppConfig.parse({});
    const opening = openHouse(config, { stages: ALL, networks: [] }, { log, onFatal: () => undefined });

    await expect(opening).rejects.toThrow(DatabaseError);
    await expect(opening).rejects.toThrow(/DATABASE_URL/);
  });

  it('says what to do without a queue backend', async () => {
    const opening = open({});

    await expect(opening).rejects.toThrow(QueueError);
    await expect(opening).rejects.toThrow(/REDIS_URL/);
  });

  it('closes what it had opened when the private key is none', async () => {
    const database_ = { url: database.url, applicationName: 'left-behind' };
    // The right length and letters, but the order of the curve is below it.
    const opening = open({
      database: database_,
      queue: { backend: 'postgres' },
      nostr: { privateKey: 'f'.repeat(64) },
    });

    await expect(opening).rejects.toThrow(IdentityError);
    await expect(opening).rejects.toThrow(/NOSTR_PRIVATE_KEY/);
    await expect(opening).rejects.not.toThrow(/ffff/);
    expect(await connections()).toBe(0);
  });

  it('closes what it had opened when a stage cannot start', async () => {
    const database_ = { url: database.url, applicationName: 'left-behind' };
    const opening = open({
      database: database_,
      queue: { backend: 'postgres' },
      seeder: { file: '/no/such/list.txt' },
    });

    await expect(opening).rejects.toThrow(/\/no\/such\/list\.txt cannot be read/);
    expect(await connections()).toBe(0);
  });
});
