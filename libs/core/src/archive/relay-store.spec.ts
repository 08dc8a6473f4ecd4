import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@bigbrotr/testing';
import { parseRelayUrl } from '@bigbrotr/models';

import { migrate } from '../db/migrate.js';
import { createPool, type Pool } from '../db/pool.js';
import { failRelayTask } from '../schedule/relay-tasks.js';
import { findCandidate, postponeCandidate, putCandidates, readCandidate } from './candidate-store.js';
import { overview } from './overview.js';
import { promoteCandidate, readRelay, readRelayHealth, recordStatus } from './relay-store.js';

describe('relay store', () => {
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

  function found(text: string) {
    const parsed = parseRelayUrl(text);
    if (!parsed.ok) throw new Error(parsed.reason);
    return { ...parsed, host: new URL(text).hostname, source: 'spec' };
  }

  async function relay(name: string, at = 100): Promise<number> {
    const [candidate] = await putCandidates(pool, [found(`wss://${name}.example.com`)], at);
    const finding = { status: 'online' as const };
    return (await promoteCandidate(pool, { candidateId: candidate!.id, finding, stages: ['monitor'], at: at + 1 }))!.id;
  }

  async function rowOf(id: number): Promise<unknown> {
    const { rows } = await pool.query('SELECT status, reason, since, last_seen_at FROM relays WHERE id = $1', [id]);
    return rows[0];
  }

  it('keeps since when a candidate was known, and when it was proven', async () => {
    const id = await relay('first', 100);

    const { rows } = await pool.query('SELECT discovered_at, since, last_seen_at FROM relays WHERE id = $1', [id]);
    expect(rows).toEqual([{ discovered_at: 100, since: 101, last_seen_at: 101 }]);
    expect(await readRelay(pool, id)).toEqual({
      id,
      url: 'wss://first.example.com',
      network: 'clearnet',
      status: 'online',
    });
    expect(await readRelay(pool, 999)).toBeUndefined();
  });

  it('moves `since` with the status alone, and `last_seen_at` when the relay was seen', async () => {
    const id = await relay('moody');

    await recordStatus(pool, id, { status: 'online', seen: true, at: 200 });
    expect(await rowOf(id)).toEqual({ status: 'online', reason: null, since: 101, last_seen_at: 200 });
    await recordStatus(pool, id, { status: 'dns', reason: 'dns', seen: false, at: 300 });
    expect(await rowOf(id)).toEqual({ status: 'dns', reason: 'dns', since: 300, last_seen_at: 200 });
    await recordStatus(pool, id, { status: 'dns', reason: 'dns', seen: false, at: 400 });
    expect(await rowOf(id)).toEqual({ status: 'dns', reason: 'dns', since: 300, last_seen_at: 200 });
    await recordStatus(pool, id, { status: 'online', seen: true, at: 500 });
    expect(await rowOf(id)).toEqual({ status: 'online', reason: null, since: 500, last_seen_at: 500 });
  });

  it('tells the health of a relay, with what the schedule of the stage has counted', async () => {
    const id = await relay('watched');
    await failRelayTask(pool, { stage: 'monitor', relayId: id, baseMs: 1_000, maxMs: 2_000 });

    expect(await readRelayHealth(pool, id, 'monitor')).toMatchObject({
      status: 'online',
      lastSeenAt: 101,
      discoveredAt: 100,
      failures: 1,
    });
    expect(await readRelayHealth(pool, id, 'synchronizer')).toMatchObject({ failures: 0 });
    expect(await readRelayHealth(pool, 999, 'monitor')).toBeUndefined();
  });

  it('adds a list of candidates once, however often they stand in it', async () => {
    const list = [found('wss://twice.example.com'), found('wss://twice.example.com'), found('wss://once.example.com')];

    const added = await putCandidates(pool, list, 1);

    expect(added).toHaveLength(2);
    expect(await putCandidates(pool, list, 2)).toEqual([]);
    expect(await putCandidates(pool, [], 2)).toEqual([]);
    const candidate = await findCandidate(pool, found('wss://once.example.com').url);
    expect(await readCandidate(pool, candidate!.id)).toEqual(candidate);
    await postponeCandidate(pool, candidate!.id, 3_600_000);
    const { rows } = await pool.query('SELECT failures FROM candidates WHERE id = $1 AND next_due_at > now()', [
      candidate!.id,
    ]);
    expect(rows).toEqual([{ failures: 0 }]);
  });

  it('counts the archive', async () => {
    await pool.query('TRUNCATE candidates, candidate_sources, relays CASCADE');
    await recordStatus(pool, await relay('a'), { status: 'dead', seen: false, at: 1 });
    await relay('b');
    await putCandidates(pool, [found('wss://c.example.com'), found('wss://d.example.com')], 1);
    await pool.query("UPDATE candidates SET exhausted = true WHERE url LIKE '%d.example%'");

    expect(await overview(pool)).toEqual({
      candidates: 1,
      exhausted: 1,
      relays: 2,
      online: 1,
      events: 0,
      provenance: 0,
      due: 2,
    });
  });
});
