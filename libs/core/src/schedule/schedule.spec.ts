import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseRelayUrl } from '@bigbrotr/models';
import { createTestDatabase, type TestDatabase } from '@bigbrotr/testing';

import { findCandidate, putCandidates, recordCandidateFailure } from '../archive/candidate-store.js';
import { findRelay, promoteCandidate } from '../archive/relay-store.js';
import { migrate } from '../db/migrate.js';
import { createPool, type Pool } from '../db/pool.js';
import { readBacklog } from './backlog.js';
import { claimCandidates } from './candidate-tasks.js';
import { recoverLostClaims } from './lost-claims.js';
import { claimPeriodicTasks, ensurePeriodicTasks, finishPeriodicTask } from './periodic-tasks.js';
import { claimRelayTasks, failRelayTask, finishRelayTask, hastenRelayTask, releaseRelayClaims } from './relay-tasks.js';

const HOUR = 3_600_000;

describe('the schedule', () => {
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

  function found(text: string, source: string) {
    const parsed = parseRelayUrl(text);
    if (!parsed.ok) throw new Error(parsed.reason);
    return { url: parsed.url, network: parsed.network, host: new URL(parsed.url).hostname, source };
  }

  async function relay(name: string): Promise<number> {
    const [candidate] = await putCandidates(pool, [found(`wss://${name}.example.com`, 'spec')], 1);
    const made = await promoteCandidate(pool, {
      candidateId: candidate!.id,
      finding: { status: 'online' },
      stages: ['monitor', 'synchronizer'],
      at: 5,
    });
    return made!.id;
  }

  async function dueIn(relayId: number): Promise<number> {
    const { rows } = await pool.query<{ ms: number }>(
      `SELECT (extract(epoch FROM next_due_at - now()) * 1000)::float8 AS ms FROM relay_tasks WHERE relay_id = $1 AND stage = 'monitor'`,
      [relayId],
    );
    return rows[0]!.ms;
  }

  const claim = (limit: number) =>
    claimRelayTasks(pool, { stage: 'monitor', network: 'clearnet', limit, visibilityMs: HOUR });

  it('remembers every source of a candidate, and never resets what it knows of it', async () => {
    const url = 'wss://twice.example.com';
    await putCandidates(pool, [found(url, 'seed:x')], 1);
    const before = await findCandidate(pool, found(url, '').url);
    await recordCandidateFailure(pool, before!.id, { reason: 'timeout', baseMs: HOUR, maxMs: HOUR, maxFailures: 9 });

    const again = await putCandidates(pool, [found(url, 'kind:10002'), found(url, 'seed:x')], 2);

    expect(again).toEqual([]);
    expect(await findCandidate(pool, found(url, '').url)).toMatchObject({ failures: 1 });
    const { rows } = await pool.query('SELECT source, found_at FROM candidate_sources WHERE url = $1 ORDER BY source', [
      url,
    ]);
    expect(rows).toEqual([
      { source: 'kind:10002', found_at: 2 },
      { source: 'seed:x', found_at: 1 },
    ]);
    expect((await pool.query('SELECT sources FROM candidates WHERE url = $1', [url])).rows).toEqual([{ sources: 2 }]);
  });

  it('doubles the wait of a failing candidate, up to the end of patience', async () => {
    const [candidate] = await putCandidates(pool, [found('wss://sick.example.com', 'spec')], 1);
    const waits: number[] = [];
    for (let i = 0; i < 4; i++) {
      await recordCandidateFailure(pool, candidate!.id, {
        reason: 'dns',
        baseMs: 10_000,
        maxMs: 40_000,
        maxFailures: 4,
      });
      const { rows } = await pool.query<{ ms: number; exhausted: boolean }>(
        'SELECT (extract(epoch FROM next_due_at - now()) * 1000)::float8 AS ms, exhausted FROM candidates WHERE id = $1',
        [candidate!.id],
      );
      waits.push(Math.round(rows[0]!.ms / 10_000));
      expect(rows[0]!.exhausted).toBe(i === 3);
    }
    expect(waits).toEqual([1, 2, 4, 4]);
  });

  it('promotes once: the candidate goes, the relay is due at once for its stages', async () => {
    const [candidate] = await putCandidates(pool, [found('wss://new.example.com', 'spec')], 1);
    const promotion = {
      candidateId: candidate!.id,
      finding: { status: 'auth' as const },
      stages: ['monitor', 'synchronizer'],
      at: 7,
    };

    const made = await promoteCandidate(pool, promotion);
    const again = await promoteCandidate(pool, promotion);

    expect(made).toMatchObject({ url: 'wss://new.example.com', status: 'auth' });
    expect(again).toBeUndefined();
    expect(await findRelay(pool, made!.url)).toEqual(made);
    expect(await putCandidates(pool, [found('wss://new.example.com', 'other')], 9)).toEqual([]);
    expect(await dueIn(made!.id)).toBeLessThanOrEqual(0);
  });

  it('never gives the same relay to two dispatchers', async () => {
    await pool.query(`UPDATE relay_tasks SET disabled = true`);
    const ids = [];
    for (let i = 0; i < 50; i++) ids.push(await relay(`race${i}`));

    const claims = await Promise.all(Array.from({ length: 5 }, () => claim(15)));

    const all = claims.flat();
    expect(new Set(all).size).toBe(all.length);
    expect((await claim(100)).length + all.length).toBe(50);
    expect(await claim(100)).toEqual([]);
  });

  it('makes a finished relay due after its interval, a failing one after longer and longer', async () => {
    const id = await relay('rhythm');
    await finishRelayTask(pool, { stage: 'monitor', relayId: id, dueInMs: HOUR });
    expect(Math.abs((await dueIn(id)) / HOUR - 1)).toBeLessThan(0.12);

    await failRelayTask(pool, { stage: 'monitor', relayId: id, baseMs: 10_000, maxMs: HOUR });
    expect(Math.abs((await dueIn(id)) / 10_000 - 1)).toBeLessThan(0.12);
    await failRelayTask(pool, { stage: 'monitor', relayId: id, baseMs: 10_000, maxMs: HOUR });
    expect(Math.abs((await dueIn(id)) / 20_000 - 1)).toBeLessThan(0.12);

    await hastenRelayTask(pool, 'monitor', id, 1_000);
    expect(await dueIn(id)).toBeLessThanOrEqual(1_000);
  });

  it('gives back claims that never reached a queue, and those that a queue lost', async () => {
    const id = await relay('lost');
    expect(await claim(100)).toContain(id);
    await releaseRelayClaims(pool, 'monitor', [id]);
    expect(await claim(100)).toContain(id);

    expect(await recoverLostClaims(pool)).toBeGreaterThan(0);

    expect(await claim(100)).toContain(id);
    await finishRelayTask(pool, { stage: 'monitor', relayId: id, dueInMs: HOUR });
    await recoverLostClaims(pool);
    expect(await claim(100)).not.toContain(id);
  });

  it('claims candidates of the network asked for, and not those that are given up', async () => {
    await pool.query('DELETE FROM candidates');
    await putCandidates(
      pool,
      [found('wss://c1.example.com', 's'), found('wss://c2.example.com', 's'), found('ws://x.i2p', 's')],
      1,
    );
    await pool.query(`UPDATE candidates SET exhausted = true WHERE url LIKE '%c2%'`);

    expect(await claimCandidates(pool, { network: 'clearnet', limit: 10, visibilityMs: HOUR })).toHaveLength(1);
    expect(await claimCandidates(pool, { network: 'clearnet', limit: 10, visibilityMs: HOUR })).toEqual([]);
    expect((await readBacklog(pool)).filter((b) => b.stage === 'validator')).toEqual([
      expect.objectContaining({ network: 'i2p', due: 1 }),
    ]);
  });

  it('keeps periodic tasks by key, and forgets those that are not wanted any more', async () => {
    await ensurePeriodicTasks(pool, 'finder', ['mentions', 'api:a']);
    expect((await claimPeriodicTasks(pool, 'finder', 10, HOUR)).sort()).toEqual(['api:a', 'mentions']);
    await finishPeriodicTask(pool, { stage: 'finder', key: 'mentions', dueInMs: 0, failed: false });

    await ensurePeriodicTasks(pool, 'finder', ['mentions']);

    expect(await claimPeriodicTasks(pool, 'finder', 10, HOUR)).toEqual(['mentions']);
    expect((await pool.query('SELECT key FROM periodic_tasks')).rows).toEqual([{ key: 'mentions' }]);
  });
});
