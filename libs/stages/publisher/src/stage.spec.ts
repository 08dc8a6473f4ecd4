import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  appConfigSchema,
  createPool,
  migrate,
  readServiceData,
  storeChecks,
  writeRelayProbes,
  type Pool,
  type RunningStage,
} from '@bigbrotr/core';
import { readDiscovery } from '@bigbrotr/nips';
import { createTestDatabase, startScriptedRelay, type ScriptedRelay, type TestDatabase } from '@bigbrotr/testing';
import { createDialer, generateSecretKey, signEvent, type Dialer, type SecretKey } from '@bigbrotr/utils';

import { publisherStage } from './stage.js';

const AT = 1_700_000_000;
const CONTEXT = {
  queue: 'publish',
  jobId: '1',
  attempt: 1,
  stalls: 0,
  interactive: false,
  deadlineAt: Infinity,
  progress: () => Promise.resolve(),
};

/** Of a relay that was there. */
async function unusedPort(): Promise<number> {
  await using relay = await startScriptedRelay();
  return relay.port;
}

describe('publisherStage', () => {
  const key: SecretKey = generateSecretKey();
  let database: TestDatabase;
  let pool: Pool;
  let dialer: Dialer;
  let first: ScriptedRelay;
  let second: ScriptedRelay;
  let started: RunningStage | undefined;
  let url = '';
  let relayId = 0;
  let clock = 0;

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
    const network = { enabled: true, timeoutMs: 2_000 };
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

  beforeEach(async () => {
    [first, second] = await Promise.all([startScriptedRelay(), startScriptedRelay()]);
    clock = AT + 60;
    url = `wss://r${Math.random().toString(36).slice(2)}.example.com`;
    relayId = await addRelay(url, 'clearnet');
  });

  afterEach(async () => {
    await started?.stop();
    started = undefined;
    await Promise.all([first.close(), second.close()]);
  });

  async function addRelay(relay: string, network: string): Promise<number> {
    const { rows } = await pool.query<{ id: number }>(
      "INSERT INTO relays (url, network, discovered_at, status) VALUES ($1, $2, $3, 'online') RETURNING id",
      [relay, network, AT],
    );
    return rows[0]!.id;
  }

  async function look(at: number, seen: boolean, relay = url): Promise<void> {
    const rtt = {
      type: 'nip66_rtt',
      durationMs: 100,
      ...(seen ? { success: true, data: { rtt_open: 60, rtt_read: 40 } } : { success: false, reason: 'timeout' }),
    } as const;
    const document = {
      type: 'nip11_info',
      success: true,
      durationMs: 10,
      data: { name: 'Ours', supported_nips: [1, 11, 45] },
    } as const;
    await storeChecks(pool, relay, at, [rtt, document]);
    if (seen) await pool.query('UPDATE relays SET last_seen_at = $2 WHERE url = $1', [relay, at]);
  }

  async function start(section: Record<string, unknown>): Promise<RunningStage> {
    const sections = {
      publisher: section,
      networks: { local: { enabled: true } },
      nostr: { privateKey: 'ab'.repeat(32) },
    };
    const config = appConfigSchema([publisherStage]).parse(sections);
    started = await publisherStage.start(config, {
      pool,
      dial: dialer.dial,
      sign: (template) => signEvent(template, key),
      networks: config.networks,
      nostr: config.nostr,
      monitor: { interval: 3_600_000, checks: { nip11: true, ssl: true, dns: false } },
      now: () => clock * 1000,
    });
    return started;
  }

  const run = (payload: object, signal = new AbortController().signal) =>
    started!.registrations[0]!.run({ v: 1, ...payload }, CONTEXT, signal);
  const discover = (id = relayId) => run({ what: 'discovery', relayId: id });
  const both = () => ({ enabled: true, relays: [first.url, second.url] });
  const periodic = async () =>
    (await pool.query<{ key: string }>("SELECT key FROM periodic_tasks WHERE stage = 'publisher'")).rows;

  it('is off by default', async () => {
    await look(AT, true);
    await start({});

    expect(await discover()).toEqual({ kind: 'done', result: 'disabled' });
    expect(await periodic()).toEqual([]);
  });

  it('says at once what it cannot work without', async () => {
    const config = appConfigSchema([publisherStage]).parse({ publisher: { enabled: true } });
    const modules = {
      pool,
      dial: dialer.dial,
      sign: () => Promise.reject(new Error('no')),
      networks: config.networks,
      nostr: config.nostr,
      monitor: { interval: 1, checks: {} },
      now: Date.now,
    };

    await expect(publisherStage.start(config, modules)).rejects.toMatchObject({
      code: 'bad-config',
      issues: [{ path: 'publisher.relays' }, { path: 'nostr.privateKey' }],
    });
    await expect(
      start({ enabled: true, relays: ['wss://ok.example.com', 'https://x', 'wss://x.loki'] }),
    ).rejects.toMatchObject({
      issues: [{ path: 'publisher.relays.1' }, { path: 'publisher.relays.2' }],
    });
  });

  it('publishes what the last round found, in the words of the NIP', async () => {
    await look(AT - 3_600, false);
    await look(AT, true);
    await writeRelayProbes(
      pool,
      relayId,
      { probedAt: AT, support: { '45': false, '77': true }, write: { at: AT, result: 'confirmed' } },
      AT,
    );
    await start(both());

    expect(await discover()).toEqual({ kind: 'done', result: 'published' });
    const [event] = first.truth();
    expect(event).toMatchObject({ kind: 30_166, created_at: AT, pubkey: key.publicKey });
    expect(second.truth()).toEqual([event]);
    expect(readDiscovery(event!)).toMatchObject({
      ok: true,
      discovery: {
        subject: `${url}/`,
        network: 'clearnet',
        roundTrips: { open: 60, read: 40 },
        nips: ['1', '11', '77'],
        types: ['PublicInbox'],
        document: { name: 'Ours' },
      },
    });
  });

  it('sends an event once, and a new one when there was a new round', async () => {
    await look(AT, true);
    await start(both());

    await discover();
    expect(await discover()).toEqual({ kind: 'done', result: 'known' });
    expect(first.requests.filter(({ verb }) => verb === 'EVENT')).toHaveLength(1);

    await look(AT + 3_600, true);
    expect(await discover()).toEqual({ kind: 'done', result: 'published' });
    expect(first.requests.filter(({ verb }) => verb === 'EVENT')).toHaveLength(2);
    expect(first.connections).toBe(1);
  });

  it('never publishes a relay that failed in its last round, or was never looked at', async () => {
    await start(both());
    expect(await discover()).toEqual({ kind: 'done', result: 'gone' });

    await look(AT, true);
    await look(AT + 3_600, false);
    expect(await discover()).toEqual({ kind: 'done', result: 'not-seen' });

    // It opened, but what answered was no relay.
    await storeChecks(pool, url, AT + 7_200, [
      { type: 'nip66_rtt', success: true, durationMs: 1, data: { rtt_open: 1 } },
    ]);
    expect(await discover()).toEqual({ kind: 'done', result: 'not-seen' });
    expect([...first.requests, ...second.requests]).toEqual([]);
  });

  it('brings the same event to a relay that comes back, and to no other again', async () => {
    await look(AT, true);
    const port = await unusedPort();
    await start({ enabled: true, relays: [first.url, `ws://127.0.0.1:${port}`], retry: '10ms' });

    expect(await discover()).toEqual({ kind: 'later', delayMs: 10, reason: 'undelivered' });
    expect(await readServiceData(pool, 'publisher', 'state', `discovery:${relayId}`)).toMatchObject({
      eventId: first.truth()[0]!.id,
      targets: {
        [first.url]: { state: 'delivered', tries: 1 },
        [`ws://127.0.0.1:${port}`]: { state: 'waiting', reason: 'refused', tries: 1 },
      },
    });

    await using late = await startScriptedRelay({ port });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await discover()).toEqual({ kind: 'done', result: 'published' });
    expect(late.truth().map(({ id }) => id)).toEqual(first.truth().map(({ id }) => id));
    expect(first.requests.filter(({ verb }) => verb === 'EVENT')).toHaveLength(1);
  });

  it('gives a relay up after so many tries', async () => {
    await look(AT, true);
    second.setTemper({ publishing: 'blocked' });
    const port = await unusedPort();
    await start({ enabled: true, relays: [second.url, `ws://127.0.0.1:${port}`], retry: '1ms', attempts: 2 });

    expect(await discover()).toEqual({ kind: 'later', delayMs: 1, reason: 'undelivered' });
    expect(await discover()).toEqual({ kind: 'done', result: 'undelivered' });
    // A refusal of the event itself is not argued with.
    expect(second.requests.filter(({ verb }) => verb === 'EVENT')).toHaveLength(1);
  });

  it('tells of a private relay on the private network only', async () => {
    const local = `ws://127.0.0.1:${relayId + 10_000}`;
    const localId = await addRelay(local, 'local');
    await look(AT, true, local);
    await start({ enabled: true, relays: ['wss://relay.example.com'] });

    expect(await discover(localId)).toEqual({ kind: 'done', result: 'no-target' });
    await started!.stop();
    await start({ enabled: true, relays: [first.url] });
    expect(await discover(localId)).toEqual({ kind: 'done', result: 'published' });
  });

  it('announces itself, and anew when asked again', async () => {
    await start({ ...both(), geohash: 'u173' });
    expect(await periodic()).toEqual([{ key: 'announcement' }]);

    expect(await run({ what: 'announcement' })).toEqual({ kind: 'done', result: 'published' });
    clock += 10;
    expect(await run({ what: 'announcement' })).toEqual({ kind: 'done', result: 'published' });
    const announcements = first.truth().filter(({ kind }) => kind === 10_166);
    expect(announcements[0]).toMatchObject({
      created_at: clock,
      tags: expect.arrayContaining([
        ['frequency', '3600'],
        ['timeout', 'nip11', '10000'],
        ['c', 'ssl'],
        ['n', 'clearnet'],
        ['g', 'u173'],
      ]),
    });
    expect(announcements[0]!.tags).not.toContainEqual(['c', 'dns']);
  });

  it('publishes profile and relay list when asked', async () => {
    await start({ ...both(), profile: { name: 'Observatory' } });

    expect(await run({ what: 'profile' })).toEqual({ kind: 'done', result: 'published' });
    expect(await run({ what: 'relay-list' })).toEqual({ kind: 'done', result: 'published' });
    const events = new Map(first.truth().map((event) => [event.kind, event]));
    expect(events.get(0)).toMatchObject({ content: '{"name":"Observatory"}' });
    expect(events.get(10_002)).toMatchObject({
      tags: [
        ['r', `${first.url}/`, 'write'],
        ['r', `${second.url}/`, 'write'],
      ],
      content: '',
    });

    await started!.stop();
    await start(both());
    expect(await run({ what: 'profile' })).toEqual({ kind: 'done', result: 'no-profile' });
  });
});
