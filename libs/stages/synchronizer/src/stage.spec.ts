import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createEventMetrics,
  createLogger,
  createPool,
  createRegistry,
  EVENT_WRITER_DEFAULTS,
  EventWriter,
  migrate,
  relayLeaseKey,
  releaseLeases,
  takeLeases,
  type NetworksConfig,
  type Outcome,
  type Pool,
} from '@bigbrotr/core';
import { parseRelayUrl, type Dial, type NostrEvent } from '@bigbrotr/models';
import {
  createEventFactory,
  createTestDatabase,
  startScriptedRelay,
  type ScriptedRelay,
  type Temper,
  type TestDatabase,
} from '@bigbrotr/testing';
import { createDialer, createVerifier, generateSecretKey, signEvent, type Dialer } from '@bigbrotr/utils';

import { SynchronizerConfig } from './config.js';
import { synchronizerStage, type SynchronizerModules } from './stage.js';

describe('synchronizerStage', () => {
  const events: NostrEvent[] = createEventFactory({ seed: 9 }).many(300);
  const dialled: Parameters<Dial>[1][] = [];
  const relays: ScriptedRelay[] = [];
  let database: TestDatabase;
  let pool: Pool;
  let dialer: Dialer;
  let modules: SynchronizerModules;

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
    const network = { enabled: true, timeoutMs: 5_000 };
    dialer = createDialer({
      networks: { clearnet: network, tor: network, i2p: network, loki: network, local: network },
      limits: { closeMs: 100 },
    });
    const verifier = await createVerifier({ engine: 'auto' });
    const secret = generateSecretKey();
    const configured = { enabled: true, maxTasks: 5, timeout: 2_000, canaries: [] };
    modules = {
      pool,
      networks: {
        clearnet: configured,
        tor: configured,
        i2p: configured,
        loki: configured,
        local: configured,
      } as unknown as NetworksConfig,
      policy: { expiration: 'keep' },
      dial: (url, options) => {
        dialled.push(options);
        return dialer.dial(url, options);
      },
      writer: new EventWriter({ ...EVENT_WRITER_DEFAULTS, profile: 'full' }, { pool }),
      verifyMany: (items, signal) => verifier.verifyMany(items, signal),
      sign: (template) => Promise.resolve(signEvent(template, secret)),
      now: Date.now,
      metrics: createEventMetrics(createRegistry()),
      log: createLogger({ level: 'silent', pretty: false }),
    };
  });

  afterEach(async () => {
    dialled.splice(0);
    for (const relay of relays.splice(0)) await relay.close();
  });

  afterAll(async () => {
    await dialer.close();
    await pool.end();
    await database.drop();
  });

  async function start(temper: Temper = {}): Promise<{ relay: ScriptedRelay; relayId: number }> {
    const relay = await startScriptedRelay({ events, temper });
    relays.push(relay);
    const parsed = parseRelayUrl(relay.url, { local: true });
    if (!parsed.ok) throw new Error(parsed.reason);
    const { rows } = await pool.query<{ id: number }>(
      `INSERT INTO relays (url, network, discovered_at, status) VALUES ($1, 'local', 1, 'online') RETURNING id`,
      [parsed.url],
    );
    const relayId = rows[0]!.id;
    await pool.query(`INSERT INTO relay_tasks (stage, relay_id, network) VALUES ('synchronizer', $1, 'local')`, [
      relayId,
    ]);
    return { relay, relayId };
  }

  async function run(relayId: number, config: Record<string, unknown> = {}): Promise<Outcome> {
    const running = await synchronizerStage.start(
      { synchronizer: SynchronizerConfig.parse({ retry: '5ms', ...config }) },
      modules,
    );
    const context = {
      queue: 'sync-local',
      network: 'local' as const,
      jobId: 'spec',
      attempt: 1,
      stalls: 0,
      interactive: false,
      deadlineAt: Date.now() + 30_000,
      progress: () => Promise.resolve(),
    };
    const outcome = await running.registrations[0]!.run({ v: 1, relayId }, context, AbortSignal.timeout(30_000));
    await running.stop();
    return outcome;
  }

  async function task(relayId: number): Promise<{ failures: number; dueIn: number }> {
    const { rows } = await pool.query<{ failures: number; dueIn: number }>(
      `SELECT failures, extract(epoch FROM next_due_at - now())::float8 AS "dueIn" FROM relay_tasks WHERE relay_id = $1`,
      [relayId],
    );
    return rows[0]!;
  }

  const seen = async (relayId: number) =>
    (await pool.query<{ n: number }>('SELECT count(*)::integer AS n FROM event_seen WHERE relay_id = $1', [relayId]))
      .rows[0]!.n;

  it('archives a relay and makes it due again after the interval', async () => {
    const { relayId } = await start();

    expect(await run(relayId)).toEqual({ kind: 'done', result: 'complete' });

    expect(await seen(relayId)).toBe(events.length);
    const { failures, dueIn } = await task(relayId);
    expect(failures).toBe(0);
    expect(dueIn).toBeGreaterThan(500);
    expect(dueIn).toBeLessThan(700);
  });

  it('has nothing to do for a relay that is gone', async () => {
    expect(await run(999_999)).toEqual({ kind: 'done', result: 'gone' });
  });

  it('waits while another job holds the relay', async () => {
    const { relayId } = await start();
    const keys = [{ key: relayLeaseKey(relayId), limit: 1 }];
    await takeLeases(pool, keys, 'other', 10_000);

    expect(await run(relayId)).toMatchObject({ kind: 'later', reason: 'relay-busy' });

    await releaseLeases(pool, keys, 'other');
    expect(await run(relayId)).toMatchObject({ kind: 'done' });
  });

  it('comes back at once when its time is up', async () => {
    const { relay, relayId } = await start({ cap: 20 });

    expect(await run(relayId, { overrides: [{ url: relay.url, sliceBudget: '1ms' }] })).toEqual({
      kind: 'done',
      result: 'budget',
      again: true,
    });
  });

  it('counts a failure that is the relay’s, and leaves a relay alone that refuses', async () => {
    const unreachable = await start({ upgradeStatus: 503 });
    const closed = await start({ auth: 'never' });

    expect(await run(unreachable.relayId)).toEqual({ kind: 'done', result: 'unreachable' });
    expect(await run(closed.relayId)).toEqual({ kind: 'done', result: 'refused' });

    expect((await task(unreachable.relayId)).failures).toBe(1);
    expect((await task(closed.relayId)).dueIn).toBeGreaterThan(3_600);
  });

  describe('an override', () => {
    it('switches a relay off', async () => {
      const { relay, relayId } = await start();

      expect(await run(relayId, { overrides: [{ url: relay.url, disabled: true }] })).toEqual({
        kind: 'done',
        result: 'disabled',
      });

      expect(relay.connections).toBe(0);
    });

    it('sets the page size, however the URL is written', async () => {
      const { relay, relayId } = await start();

      await run(relayId, { overrides: [{ url: `${relay.url.replace('ws:', 'WS:')}/`, pageLimit: 50 }] });

      const limits = relay.requests.filter((r) => r.verb === 'REQ').map((r) => r.filters[0]?.['limit'] as number);
      expect(Math.max(...limits)).toBe(50);
      expect(await seen(relayId)).toBe(events.length);
    });

    it('sets how long silence is borne', async () => {
      const { relay, relayId } = await start({ everyNthReqSilent: 1 });
      const startedAt = Date.now();

      expect(await run(relayId, { overrides: [{ url: relay.url, timeout: '50ms' }] })).toEqual({
        kind: 'done',
        result: 'interrupted',
      });

      // Four tries of two seconds each without it.
      expect(Date.now() - startedAt).toBeLessThan(4_000);
    });

    it('accepts an invalid certificate', async () => {
      const { relay, relayId } = await start();

      await run(relayId, { overrides: [{ url: relay.url, allowInsecure: true }] });
      await run(relayId);

      expect(dialled.map((options) => options.allowInsecure)).toEqual([true, false]);
    });

    it('must name a relay', () => {
      expect(SynchronizerConfig.safeParse({ overrides: [{ url: 'https://relay.example' }] }).success).toBe(false);
    });
  });
});
