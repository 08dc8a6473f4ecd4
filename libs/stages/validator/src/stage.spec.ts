import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  appConfigSchema,
  createBus,
  createHandOver,
  createLogger,
  createPool,
  findCandidate,
  findRelay,
  migrate,
  migrateQueueSchema,
  openQueueBackend,
  putCandidates,
  takeLeases,
  type Bus,
  type JobContext,
  type Outcome,
  type Pool,
  type QueueBackend,
} from '@bigbrotr/core';
import { parseRelayUrl, relayUrlParts, type Dial, type RelayUrl } from '@bigbrotr/models';
import {
  createEventFactory,
  createTestDatabase,
  startScriptedRelay,
  startTcpServer,
  until,
  type Temper,
  type TestDatabase,
} from '@bigbrotr/testing';
import { createDialer, type Dialer } from '@bigbrotr/utils';

import { ValidatorConfig } from './config.js';
import { validatorStage } from './stage.js';

const TIMEOUT_MS = 400;

describe('validatorStage', () => {
  let database: TestDatabase;
  let pool: Pool;
  let backend: QueueBackend;
  let bus: Bus;
  let dialer: Dialer;
  const opened: (() => Promise<unknown>)[] = [];
  const log = createLogger({ level: 'silent', pretty: false });
  const { networks } = appConfigSchema([]).parse({
    networks: { local: { enabled: true, timeout: `${TIMEOUT_MS}ms` } },
  });
  const context: JobContext = {
    queue: 'validate-local',
    network: 'local',
    jobId: 'j',
    attempt: 1,
    stalls: 0,
    interactive: false,
    deadlineAt: Infinity,
    progress: () => Promise.resolve(),
  };

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
    await migrateQueueSchema(pool);
    backend = await openQueueBackend({ backend: 'postgres', pool }, { log });
    bus = createBus(backend);
    const off = { enabled: false, timeoutMs: 1_000 };
    dialer = createDialer({
      networks: { clearnet: off, tor: off, i2p: off, loki: off, local: { enabled: true, timeoutMs: TIMEOUT_MS } },
    });
  });

  afterAll(async () => {
    await dialer.close();
    await backend.close();
    await pool.end();
    await database.drop();
  });

  beforeEach(async () => {
    await pool.query('TRUNCATE candidates, candidate_sources, leases, relays CASCADE');
  });

  afterEach(async () => {
    for (const close of opened.splice(0)) await close();
  });

  async function relayWith(temper: Temper): Promise<RelayUrl> {
    const relay = await startScriptedRelay({
      temper,
      events: createEventFactory({ seed: 1 }).corpus({ count: 3, since: 1_000, until: 2_000 }),
    });
    opened.push(() => relay.close());
    return urlOf(relay.url);
  }

  function urlOf(text: string): RelayUrl {
    const parsed = parseRelayUrl(text, { local: true });
    if (!parsed.ok) throw new Error(parsed.reason);
    return parsed.url;
  }

  async function candidateOf(url: RelayUrl): Promise<number> {
    const { host } = relayUrlParts(url);
    const [candidate] = await putCandidates(pool, [{ url, network: 'local', host, source: 'spec' }], 100);
    return candidate!.id;
  }

  async function validate(
    candidateId: number,
    { signal = new AbortController().signal, dial = dialer.dial }: { signal?: AbortSignal; dial?: Dial } = {},
  ): Promise<Outcome> {
    const modules = { pool, dial, handOver: createHandOver(bus, log), networks, log, now: Date.now };
    const config = ValidatorConfig.parse({ interval: '10m', maxInterval: '30m', maxFailures: 3 });
    const running = await validatorStage.start({ validator: config }, modules);
    return running.registrations[0]!.run({ v: 1, candidateId }, context, signal);
  }

  async function rowOf(id: number) {
    const { rows } = await pool.query<{ failures: number; reason: string | null; minutes: number; exhausted: boolean }>(
      `SELECT failures, reason, exhausted, (extract(epoch FROM next_due_at - now()) / 60)::float8 AS minutes
       FROM candidates WHERE id = $1`,
      [id],
    );
    return rows[0]!;
  }

  it.each<[string, Temper, string]>([
    ['serves events', {}, 'online'],
    ['asks for AUTH first', { auth: 'first' }, 'auth'],
    ['asks for AUTH and keeps quiet', { auth: 'silent' }, 'auth'],
    ['refuses every AUTH', { auth: 'never' }, 'auth'],
    ['serves in odd order and twice', { order: 'oldest', eoseTwice: true }, 'online'],
    ['chatters about what nobody asked', { floodOtherSubscriptions: 3 }, 'online'],
  ])('makes a relay of one that %s', async (_, temper, status) => {
    const url = await relayWith(temper);
    const id = await candidateOf(url);

    expect(await validate(id)).toEqual({ kind: 'done', result: `relay-${status}` });

    expect(await findRelay(pool, url)).toMatchObject({ url, network: 'local', status });
    expect(await findCandidate(pool, url)).toBeUndefined();
  });

  it.each<[string, Temper, string]>([
    ['echoes', { notNostr: true }, 'not-nostr-echo'],
    ['says nothing', { silent: true }, 'not-nostr-silence'],
    ['does not answer us', { everyNthReqSilent: 1 }, 'not-nostr-silence'],
    ['answers 403', { upgradeStatus: 403 }, 'http-403'],
    ['answers 404', { upgradeStatus: 404 }, 'http-404'],
    ['answers 503', { upgradeStatus: 503 }, 'http-503'],
    ['redirects', { upgradeStatus: 301, upgradeHeaders: { location: 'wss://elsewhere.example.com' } }, 'redirect-301'],
  ])('makes no relay of one that %s', async (_, temper, reason) => {
    const url = await relayWith(temper);
    const id = await candidateOf(url);

    expect(await validate(id)).toEqual({ kind: 'done', result: reason });

    expect(await findRelay(pool, url)).toBeUndefined();
    expect(await rowOf(id)).toMatchObject({ failures: 1, reason, exhausted: false });
  });

  it('makes no relay of a closed port, nor of a server that speaks something else', async () => {
    const garbage = await startTcpServer((socket) => socket.end('SSH-2.0-OpenSSH_9.7\r\n'));
    const garbageId = await candidateOf(urlOf(`ws://127.0.0.1:${garbage.port}`));
    expect(await validate(garbageId)).toEqual({ kind: 'done', result: 'protocol' });
    await garbage.close();

    const closedId = await candidateOf(urlOf(`ws://127.0.0.1:${garbage.port}/again`));
    expect(await validate(closedId)).toEqual({ kind: 'done', result: 'refused' });
  });

  it('hands a new relay to the monitor and the synchronizer, once both are due in the database', async () => {
    const url = await relayWith({});

    await validate(await candidateOf(url));

    const relay = await findRelay(pool, url);
    const { rows } = await pool.query('SELECT stage FROM relay_tasks WHERE relay_id = $1 ORDER BY stage', [relay!.id]);
    expect(rows).toEqual([{ stage: 'monitor' }, { stage: 'synchronizer' }]);
    for (const queue of ['monitor-local', 'sync-local']) {
      const [job] = await backend.queue(queue).getJobs(['prioritized', 'waiting'], 0, 0, false);
      expect(job?.data).toMatchObject({ relayId: relay!.id });
    }
  });

  it('waits longer after each failure, and gives up at last', async () => {
    const id = await candidateOf(await relayWith({ upgradeStatus: 503 }));
    const minutes: number[] = [];
    for (let i = 0; i < 3; i++) {
      await validate(id);
      minutes.push((await rowOf(id)).minutes);
    }

    for (const [at, expected] of [10, 20, 30].entries()) {
      expect(Math.abs(minutes[at]! / expected - 1)).toBeLessThan(0.11);
    }
    expect(await rowOf(id)).toMatchObject({ failures: 3, exhausted: true });
  });

  it.each(['cancelled', 'shutdown'])('learns nothing of a candidate when it is aborted (%s)', async (why) => {
    const relay = await startScriptedRelay({ temper: { silent: true } });
    opened.push(() => relay.close());
    const id = await candidateOf(urlOf(relay.url));
    const before = await rowOf(id);
    const controller = new AbortController();

    const outcome = validate(id, { signal: controller.signal });
    await until(() => relay.openSockets === 1);
    controller.abort(why);

    expect(await outcome).toMatchObject({ kind: 'later', reason: 'aborted' });
    expect(await rowOf(id)).toMatchObject({ failures: 0, reason: before.reason });
    await until(() => relay.openSockets === 0);
  });

  it('counts the end of its time against the candidate', async () => {
    const id = await candidateOf(await relayWith({ silent: true }));
    const controller = new AbortController();

    const outcome = validate(id, { signal: controller.signal });
    setTimeout(() => controller.abort('deadline'), 100);

    expect(await outcome).toEqual({ kind: 'done', result: 'timeout' });
    expect(await rowOf(id)).toMatchObject({ failures: 1 });
  });

  it.each<[string, Parameters<typeof failing>[0], Outcome['kind'], number]>([
    ['our own connections are used up', { reason: 'blocked', code: 'busy' }, 'later', 0],
    ['our proxy is down', { reason: 'proxy', code: 'ECONNREFUSED' }, 'pause-queue', 0],
    ['the proxy says that it cannot reach it', { reason: 'proxy', code: 'socks-1' }, 'done', 1],
    ['our law forbids its address', { reason: 'blocked', code: 'private-address' }, 'done', 1],
  ])('tells our faults from the candidate’s: %s', async (_, failure, kind, failures) => {
    const id = await candidateOf(urlOf('ws://127.0.0.1:7777'));

    expect(await validate(id, { dial: failing(failure) })).toMatchObject({ kind });
    expect(await rowOf(id)).toMatchObject({ failures });
  });

  function failing(failure: Extract<Awaited<ReturnType<Dial>>, { ok: false }>['failure']): Dial {
    return () => Promise.resolve({ ok: false, failure });
  }

  it('marks a relay insecure whose certificate nobody vouches for', async () => {
    const url = await relayWith({});
    const id = await candidateOf(url);
    const dial: Dial = async (to, options) => {
      const dialled = await dialer.dial(to, options);
      if (!dialled.ok) return dialled;
      const tls = { authorized: false, protocol: null, cipher: null, certificate: Buffer.alloc(0) };
      return {
        ok: true,
        socket: Object.create(dialled.socket, {
          opening: { value: { ...dialled.socket.opening, tls } },
          listen: { value: dialled.socket.listen.bind(dialled.socket) },
          send: { value: dialled.socket.send.bind(dialled.socket) },
          close: { value: dialled.socket.close.bind(dialled.socket) },
        }) as typeof dialled.socket,
      };
    };

    expect(await validate(id, { dial })).toEqual({ kind: 'done', result: 'relay-insecure' });
    expect(await findRelay(pool, url)).toMatchObject({ status: 'insecure' });
  });

  it('leaves a host alone that has its share of visitors', async () => {
    const url = await relayWith({});
    const key = { key: `host:${relayUrlParts(url).hostKey}`, limit: 2 };
    await takeLeases(pool, [key], 'one', 60_000);
    await takeLeases(pool, [key], 'two', 60_000);

    expect(await validate(await candidateOf(url))).toMatchObject({ kind: 'later', reason: 'host-busy' });
    expect(await findRelay(pool, url)).toBeUndefined();
  });

  it('has nothing to do for a candidate that is gone', async () => {
    expect(await validate(123_456)).toEqual({ kind: 'done', result: 'gone' });
  });
});
