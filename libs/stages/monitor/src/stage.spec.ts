import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  appConfigSchema,
  createLogger,
  createPool,
  migrate,
  readRelay,
  readRelayProbes,
  readUptime,
  type Outcome,
  type Pool,
  type RunningStage,
} from '@bigbrotr/core';
import { createNegentropyResponder } from '@bigbrotr/nips';
import {
  createTestDatabase,
  startScriptedRelay,
  type ScriptedRelay,
  type ScriptedRelayOptions,
  type TestDatabase,
} from '@bigbrotr/testing';
import { createDialer, generateSecretKey, signEvent, type Dialer } from '@bigbrotr/utils';

import { monitorStage } from './stage.js';

const NOW = 1_700_000_000;
const HOUR = 3_600;
const CONTEXT = {
  queue: 'monitor-local',
  jobId: '1',
  attempt: 1,
  stalls: 0,
  interactive: false,
  deadlineAt: Infinity,
  progress: () => Promise.resolve(),
};

describe('monitorStage', () => {
  const key = generateSecretKey();
  let database: TestDatabase;
  let pool: Pool;
  let dialer: Dialer;
  let relay: ScriptedRelay;
  let relayId = 0;
  let clock = NOW;
  let published: unknown[] = [];
  let started: RunningStage | undefined;

  beforeAll(async () => {
    database = await createTestDatabase(migrate);
    pool = createPool(
      {
        url: database.url,
        max: 3,
        connectTimeoutMs: 5_000,
        statementTimeoutMs: 20_000,
        idleTimeoutMs: 5_000,
        applicationName: 'spec',
      },
      () => undefined,
    );
    const network = { enabled: true, timeoutMs: 1_000 };
    dialer = createDialer({
      networks: { clearnet: network, tor: network, i2p: network, loki: network, local: network },
      limits: { connectionsPerSecond: 10_000, connectionBurst: 10_000, closeMs: 100 },
    });
  });

  afterAll(async () => {
    await dialer.close();
    await pool.end();
    await database.drop();
  });

  beforeEach(() => {
    clock = NOW;
    published = [];
  });

  afterEach(async () => {
    await started?.stop();
    started = undefined;
    await relay.close();
  });

  async function meet(options: ScriptedRelayOptions = {}): Promise<void> {
    relay = await startScriptedRelay(options);
    const { rows } = await pool.query<{ id: number }>(
      "INSERT INTO relays (url, network, discovered_at, status, since, last_seen_at) VALUES ($1, 'local', $2, 'online', $2, $2) RETURNING id",
      [relay.url, NOW - HOUR],
    );
    relayId = rows[0]!.id;
    await pool.query("INSERT INTO relay_tasks (stage, relay_id, network) VALUES ('monitor', $1, 'local')", [relayId]);
  }

  async function start(section: Record<string, unknown> = {}, canaries: readonly string[] = []): Promise<void> {
    const config = appConfigSchema([monitorStage]).parse({
      monitor: section,
      networks: { local: { enabled: true, timeout: '500ms' } },
    });
    started = await monitorStage.start(config, {
      pool,
      dial: dialer.dial,
      httpGet: dialer.httpGet,
      resolveFacts: dialer.resolveFacts,
      sign: (template) => signEvent(template, key),
      handOver: (contract, payloads) => {
        published.push(...payloads.map((payload) => ({ queue: contract.queue, ...payload })));
        return Promise.resolve();
      },
      // The local network has no canaries of its own: here it borrows some.
      networks: { ...config.networks, local: { ...config.networks.local, canaries: [...canaries] } },
      publishing: true,
      log: createLogger({ level: 'silent', pretty: false }),
      now: () => clock * 1000,
    });
  }

  const look = (): Promise<Outcome> =>
    started!.registrations[0]!.run({ v: 1, relayId }, CONTEXT, new AbortController().signal);
  const status = async () => (await readRelay(pool, relayId))?.status;
  const task = async () =>
    (
      await pool.query<{ failures: number; wait: number }>(
        'SELECT failures, extract(epoch FROM next_due_at - now())::integer AS wait FROM relay_tasks WHERE relay_id = $1',
        [relayId],
      )
    ).rows[0]!;
  const documents = async () =>
    (
      await pool.query<{ type: string; success: boolean; data: unknown }>(
        `SELECT c.metadata_type AS type, c.success, m.data FROM relay_checks c
         LEFT JOIN metadata m ON m.id = c.metadata_id AND m.type = c.metadata_type WHERE c.relay_id = $1 ORDER BY c.generated_at, c.metadata_type`,
        [relayId],
      )
    ).rows;

  it('stores what it finds and hands the relay on', async () => {
    await meet({ temper: { nip11: { name: 'Ours', supported_nips: [1, 11, 'x'] } } });
    await start();

    expect(await look()).toEqual({ kind: 'done', result: 'online' });
    expect(await documents()).toEqual([
      { type: 'nip11_info', success: true, data: { name: 'Ours', supported_nips: [1, 11] } },
      { type: 'nip66_http', success: false, data: null },
      { type: 'nip66_rtt', success: true, data: { rtt_open: expect.any(Number), rtt_read: expect.any(Number) } },
    ]);
    expect(published).toEqual([{ queue: 'publish', what: 'discovery', relayId }]);
    expect((await task()).wait).toBeGreaterThan(0.8 * HOUR);
  });

  it('hands nothing on where it is told not to', async () => {
    await meet();
    await start({ publish: false });

    await look();
    expect(published).toEqual([]);
  });

  it('believes a miss when it is confirmed, and an answer at once', async () => {
    await meet();
    await start();
    relay.setTemper({ upgradeStatus: 502 });

    expect(await look()).toEqual({ kind: 'done', result: 'unreachable' });
    expect(await status()).toBe('online');
    expect(await task()).toMatchObject({ failures: 1, wait: expect.any(Number) });
    expect((await task()).wait).toBeLessThan(400);

    clock += 300;
    await look();
    expect(await status()).toBe('unreachable');
    expect(published).toEqual([]);

    clock += 600;
    relay.setTemper({});
    await look();
    expect(await status()).toBe('online');
    expect(await task()).toMatchObject({ failures: 0 });
    expect(published).toHaveLength(1);

    clock += 60;
    expect(await readUptime(pool, relayId, [1, 90], clock)).toEqual([
      { days: 1, checks: 3, passed: 1, openMs: expect.any(Number) },
      { days: 90, checks: 3, passed: 1, openMs: expect.any(Number) },
    ]);
  });

  it('buries a relay that was not seen for a month', async () => {
    await meet();
    await start();
    relay.setTemper({ upgradeStatus: 502 });
    clock = NOW + 31 * 24 * HOUR;

    await look();
    expect(await status()).toBe('dead');
  });

  it('blames nobody while we are offline ourselves', async () => {
    await meet();
    await start({}, ['wss://canary.example']);
    relay.setTemper({ upgradeStatus: 502 });

    expect(await look()).toEqual({ kind: 'pause-queue', ms: 30_000, reason: 'offline' });
    expect(await documents()).toEqual([]);
    expect(await task()).toMatchObject({ failures: 0 });

    relay.setTemper({});
    expect(await look()).toEqual({ kind: 'done', result: 'online' });
  });

  it('tries what the relay can do, once a day, whatever it claims', async () => {
    const temper = { count: true, negentropy: 'full', nip67: true, nip11: { supported_nips: [1] } } as const;
    await meet({ temper, negentropy: (items) => createNegentropyResponder({}, items) });
    await start();

    await look();
    expect(await readRelayProbes(pool, relayId)).toEqual({
      probedAt: NOW,
      support: { '45': true, '67': true, '77': true },
    });
    relay.clearRequests();
    clock += HOUR;
    await look();
    expect(relay.requests.map(({ verb }) => verb)).not.toContain('COUNT');

    relay.setTemper({});
    clock += 24 * HOUR;
    await look();
    expect(await readRelayProbes(pool, relayId)).toMatchObject({ support: { '45': false, '77': false } });
  });

  it('writes nothing unless it is told to', async () => {
    await meet();
    await start();

    await look();
    expect(relay.requests.map(({ verb }) => verb)).not.toContain('EVENT');
  });

  it('writes an event that expires, with the work that is asked for, and reads it back', async () => {
    await meet({ temper: { nip11: { limitation: { min_pow_difficulty: 8 } } } });
    await start({ checks: { write: true, support: false } });

    await look();
    const [event] = relay.truth();
    expect(event).toMatchObject({
      kind: 30_078,
      pubkey: key.publicKey,
      tags: expect.arrayContaining([['expiration', String(NOW + 600)]]),
    });
    expect(event!.id).toMatch(/^00/);
    expect(event!.tags.at(-1)).toEqual(['nonce', expect.any(String), '8']);
    expect((await documents()).at(-1)).toMatchObject({ data: { rtt_write: expect.any(Number) } });
    expect(await readRelayProbes(pool, relayId)).toMatchObject({ write: { at: NOW, result: 'confirmed' } });
  });

  it.each([
    ['a refusal', { publishing: 'blocked' }, { result: 'refused', reason: 'blocked: blocked: not for you' }],
    ['silence', { publishing: 'silent' }, { result: 'failed', reason: 'timeout' }],
    [
      'more work than it is worth',
      { nip11: { limitation: { min_pow_difficulty: 40 } } },
      { result: 'failed', reason: 'pow-too-hard' },
    ],
  ] as const)('tells %s', async (_, temper, expected) => {
    await meet({ temper });
    await start({ checks: { write: true, support: false } });

    expect(await look()).toEqual({ kind: 'done', result: 'online' });
    expect(await readRelayProbes(pool, relayId)).toMatchObject({ write: expected });
    expect((await documents()).at(-1)!.data).not.toHaveProperty('rtt_write');
  });
});
