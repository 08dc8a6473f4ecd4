import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createEventMetrics,
  createLogger,
  createPool,
  createRegistry,
  EVENT_WRITER_DEFAULTS,
  EventWriter,
  migrate,
  readCoverage,
  readRelay,
  relayLeaseKey,
  releaseLeases,
  takeLeases,
  type Fence,
  type Pool,
  type Relay,
} from '@bigbrotr/core';
import { parseRelayUrl, uncovered, type CoverageRow, type NostrEvent } from '@bigbrotr/models';
import { createNegentropyResponder } from '@bigbrotr/nips';
import {
  createEventFactory,
  createTestDatabase,
  startScriptedRelay,
  until,
  type ScriptedRelay,
  type Temper,
  type TestDatabase,
} from '@bigbrotr/testing';
import { createDialer, createVerifier, generateSecretKey, signEvent, type Dialer } from '@bigbrotr/utils';

import { syncRelay, type SliceModules, type SliceOptions, type SliceResult } from './sync-relay.js';

const FIRST = 1_700_000_000;
/** Two slow cores, busy with other suites. */
const PATIENCE_MS = 60_000;
const BURST_AT = FIRST + 30_000;

const OPTIONS: Omit<SliceOptions, 'deadlineAt'> = {
  filter: {},
  pageLimit: 500,
  headOverlapMs: 900_000,
  habitsExpireMs: 3_600_000,
  saturatedRetryMs: 3_600_000,
  idleMs: 400,
  retryMs: 5,
  allowInsecure: false,
  expiration: 'keep',
};

interface Synced {
  readonly relay: ScriptedRelay;
  readonly relayId: number;
  readonly ends: readonly SliceResult[];
  readonly rows: readonly CoverageRow[];
  readonly stored: ReadonlySet<string>;
}

describe('syncRelay', () => {
  const factory = createEventFactory({ seed: 5 });
  let plain: NostrEvent[];
  let burst: NostrEvent[];
  let genesis: NostrEvent[];
  let database: TestDatabase;
  let pool: Pool;
  let dialer: Dialer;
  let modules: SliceModules;
  const relays: ScriptedRelay[] = [];

  beforeAll(async () => {
    plain = factory.corpus({ count: 5_000, since: FIRST, until: FIRST + 60_000 });
    burst = factory.many(3_000, (i) => ({ created_at: BURST_AT, kind: [1, 7, 30_023, 5_501][i % 4]! }));
    genesis = factory.many(12, () => ({ created_at: 0 }));
    database = await createTestDatabase(migrate);
    pool = createPool(
      {
        url: database.url,
        max: 6,
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
      limits: { connectionsPerSecond: 10_000, connectionBurst: 10_000, closeMs: 100 },
    });
    const verifier = await createVerifier({ engine: 'auto' });
    const secret = generateSecretKey();
    modules = {
      dial: dialer.dial,
      db: pool,
      writer: new EventWriter({ ...EVENT_WRITER_DEFAULTS, profile: 'full' }, { pool }),
      verifyMany: (items, signal) => verifier.verifyMany(items, signal),
      sign: (template) => Promise.resolve(signEvent(template, secret)),
      now: Date.now,
      metrics: createEventMetrics(createRegistry()),
      log: createLogger({ level: 'silent', pretty: false }),
    };
  });

  afterAll(async () => {
    for (const relay of relays) await relay.close();
    await dialer.close();
    await pool.end();
    await database.drop();
  });

  async function known(relay: ScriptedRelay): Promise<Relay> {
    const parsed = parseRelayUrl(relay.url, { local: true });
    if (!parsed.ok) throw new Error(parsed.reason);
    const { rows } = await pool.query<Relay>(
      `INSERT INTO relays (url, network, discovered_at, status) VALUES ($1, 'local', 1, 'online') RETURNING id, url, network, status`,
      [parsed.url],
    );
    return rows[0]!;
  }

  async function fenceOf(relayId: number): Promise<Fence> {
    const leaseKey = relayLeaseKey(relayId);
    await releaseLeases(pool, [{ key: leaseKey, limit: 1 }], 'spec');
    const taken = await takeLeases(pool, [{ key: leaseKey, limit: 1 }], 'spec', 600_000);
    if (!taken.ok) throw new Error('lease taken');
    return { leaseKey, holder: 'spec', epoch: taken.epoch };
  }

  async function seenAt(relayId: number): Promise<Set<string>> {
    const { rows } = await pool.query<{ id: string }>(
      `SELECT encode(e.id, 'hex') AS id FROM event_seen s JOIN events e ON e.seq = s.event_seq WHERE s.relay_id = $1`,
      [relayId],
    );
    return new Set(rows.map((r) => r.id));
  }

  /** No interval may claim more than is stored. */
  async function audit(relay: ScriptedRelay, relayId: number): Promise<{ rows: CoverageRow[]; stored: Set<string> }> {
    const rows = await readCoverage(pool, relayId, '{}');
    const stored = await seenAt(relayId);
    const complete = rows.filter((r) => r.status === 'complete');
    const missing = relay
      .truth()
      .filter((e) => !stored.has(e.id) && complete.some((r) => e.created_at >= r.since && e.created_at <= r.until));
    expect(missing.slice(0, 5).map((e) => e.created_at)).toEqual([]);
    return { rows, stored };
  }

  /** Slice after slice, each audited, until one says that it is through. */
  async function sync(
    events: readonly NostrEvent[],
    temper: Temper,
    options: Partial<SliceOptions> = {},
    sliceMs = 600,
  ): Promise<Synced> {
    const relay = await startScriptedRelay({
      events,
      temper,
      negentropy: (items) => createNegentropyResponder({}, items),
    });
    relays.push(relay);
    const row = await known(relay);
    return { relay, relayId: row.id, ...(await resume(relay, row.id, options, sliceMs)) };
  }

  async function resume(
    relay: ScriptedRelay,
    relayId: number,
    options: Partial<SliceOptions> = {},
    sliceMs = 600,
  ): Promise<Pick<Synced, 'ends' | 'rows' | 'stored'>> {
    const row = await readRelay(pool, relayId);
    if (!row) throw new Error('no such relay');
    const fence = await fenceOf(row.id);
    const ends: SliceResult[] = [];
    for (let slices = 0; slices < 60; slices++) {
      const end = await syncRelay(
        row,
        fence,
        { ...OPTIONS, deadlineAt: Date.now() + sliceMs, ...options },
        modules,
        AbortSignal.timeout(30_000),
      );
      ends.push(end);
      const { rows, stored } = await audit(relay, row.id);
      if (end.end === 'complete' || end.end === 'refused') return { ends, rows, stored };
    }
    throw new Error(`not through after 60 slices: ${JSON.stringify(ends.slice(-3))}`);
  }

  function difference({ relay, stored }: Pick<Synced, 'relay' | 'stored'>) {
    const truth = new Set(relay.truth().map((e) => e.id));
    return {
      missing: [...truth].filter((id) => !stored.has(id)).length,
      surplus: [...stored].filter((id) => !truth.has(id)).length,
    };
  }

  function gapsOf({ rows }: Pick<Synced, 'rows'>) {
    return uncovered(rows, { since: 0, until: Math.floor(Date.now() / 1000) - 3_600 });
  }

  it.each<[string, Temper]>([
    // First, while the archive has no good copies from elsewhere.
    ['10 % bad signatures', { cap: 500, badSignatures: 0.1 }],
    ['a plain cap of 500', { cap: 500 }],
    ['a silent cap of 100', { cap: 100 }],
    ['shuffled pages', { cap: 500, order: 'shuffled' }],
    ['the oldest first', { cap: 500, order: 'oldest' }],
    ['bounds left out', { cap: 500, exclusiveBounds: true }],
    ['every 5th REQ never answered', { cap: 500, everyNthReqSilent: 5 }],
    ['pages cut after 120 events, then silence', { cap: 500, cutPageAfter: 120 }],
    ['the connection reset every 50 events', { cap: 500, resetEvery: 50 }],
    ['NIP-67 hints', { cap: 500, nip67: true }],
    ['duplicates in and across pages', { cap: 500, duplicates: 0.3 }],
    ['events outside the filter', { cap: 500, outsideFilter: 20 }],
    ['floods of other subscriptions', { cap: 500, floodOtherSubscriptions: 200 }],
    ['EOSE twice', { cap: 500, eoseTwice: true }],
    ['AUTH first', { cap: 500, auth: 'first' }],
    ['AUTH late', { cap: 500, auth: 'late' }],
    ['silence until AUTH', { cap: 500, auth: 'silent' }],
    ['CLOSED rate-limited, with recovery', { cap: 500, rateLimit: { by: 'closed', every: 6, recoverMs: 150 } }],
    ['a rate limit by NOTICE', { cap: 500, rateLimit: { by: 'notice', every: 6, recoverMs: 150 } }],
    ['every 3rd page cut in its middle with the connection', { cap: 500, disconnectMidPage: 3 }],
    ['a complaint about until below 1', { cap: 500, untilBelowOne: 'closed' }],
    ['more than it was asked for', { ignoresLimit: true }],
  ])(
    'ends complete, and equal to the truth: %s',
    async (_, temper) => {
      const synced = await sync([...plain, ...genesis], temper);

      expect(synced.ends.at(-1)).toEqual({ end: 'complete' });
      expect(gapsOf(synced)).toEqual([]);
      expect(difference(synced)).toEqual({ missing: 0, surplus: 0 });
    },
    PATIENCE_MS,
  );

  it(
    'ends complete on a relay that keeps sending after EOSE',
    async () => {
      const now = Math.floor(Date.now() / 1000);
      const live = factory.many(50, (i) => ({ created_at: now - 50 + i }));

      const { ends, relay, relayId } = await sync(plain, { cap: 500, liveAfterEose: { events: live, everyMs: 5 } });
      await until(() => relay.truth().length === plain.length + live.length);
      const after = await resume(relay, relayId);

      expect(ends.at(-1)).toEqual({ end: 'complete' });
      expect(difference({ relay, ...after })).toEqual({ missing: 0, surplus: 0 });
    },
    PATIENCE_MS,
  );

  it(
    'finds backdated events when it proves its history anew, and looks more often from then on',
    async () => {
      const late = factory.many(40, (i) => ({ created_at: FIRST + 100 * i }));
      const { relay, relayId } = await sync(plain, { cap: 500 });
      relay.addEvents(late);
      await pool.query(`UPDATE sync_coverage SET verified_at = verified_at - 40 * 86400 WHERE relay_id = $1`, [
        relayId,
      ]);
      const rescan = { recentMs: 7 * 86_400_000, recentEveryMs: 86_400_000, fullEveryMs: 30 * 86_400_000 };

      const after = await resume(relay, relayId, { rescan }, 20_000);

      expect(difference({ relay, ...after })).toEqual({ missing: 0, surplus: 0 });
      expect(gapsOf(after)).toEqual([]);
      const { rows } = await pool.query(`SELECT data->'rescanFactor' AS factor FROM service_data WHERE data_key = $1`, [
        `habits:${relayId}`,
      ]);
      expect(rows).toEqual([{ factor: 0.5 }]);
    },
    PATIENCE_MS,
  );

  it.each<[string, Temper, string]>([
    ['ignores until', { cap: 500, ignoresUntil: true }, 'ignores-bounds'],
    ['answers with 70 % at random', { cap: 500, randomAnswers: 0.7 }, 'inconsistent'],
  ])('admits that a relay that %s cannot be proven', async (_, temper, reason) => {
    const { rows, ends } = await sync(plain, temper);

    expect(ends.at(-1)).toEqual({ end: 'complete' });
    expect(rows.filter((r) => r.status === 'unpageable')).toMatchObject([{ reason }]);
  });

  it('records what a relay refuses, with the reason', async () => {
    const { rows, ends } = await sync(plain, { auth: 'never' });

    expect(ends).toEqual([{ end: 'refused', reason: 'auth-required' }]);
    expect(rows).toMatchObject([{ status: 'partial', reason: 'auth-required', since: 0 }]);
  });

  it('costs at most 1.15 requests per page and ten more, probes included', async () => {
    const { relay } = await sync(plain, { cap: 100 }, {}, 60_000);

    const reqs = relay.requests.filter((r) => r.verb === 'REQ').length;
    expect(reqs).toBeLessThanOrEqual(1.15 * 50 + 10);
  });

  it('asks three times for a head that holds nothing new', async () => {
    const { relay, relayId } = await sync(plain, { cap: 500 });
    relay.clearRequests();

    await resume(relay, relayId);

    expect(relay.requests.filter((r) => r.verb === 'REQ').length).toBeLessThanOrEqual(3);
  });

  it('keeps to the filter and its window', async () => {
    const filter = { kinds: [1], since: FIRST + 10_000, until: FIRST + 20_000 };
    const relay = await startScriptedRelay({ events: plain, temper: { cap: 500 } });
    relays.push(relay);
    const row = await known(relay);

    const end = await syncRelay(
      row,
      await fenceOf(row.id),
      { ...OPTIONS, filter, deadlineAt: Date.now() + 60_000 },
      modules,
      AbortSignal.timeout(30_000),
    );

    expect(end).toEqual({ end: 'complete' });
    const rows = await readCoverage(pool, row.id, '{"kinds":[1]}');
    expect(rows).toMatchObject([{ since: filter.since, until: filter.until, status: 'complete' }]);
    const stored = await seenAt(row.id);
    const asked = plain.filter((e) => e.kind === 1 && e.created_at >= filter.since && e.created_at <= filter.until);
    expect(asked.filter((e) => !stored.has(e.id))).toHaveLength(0);
    expect(rows[0]!.events).toBe(asked.length);
  });

  it('moves no coverage for a holder that lost its lease, and keeps the events', async () => {
    const relay = await startScriptedRelay({ events: plain, temper: { cap: 500 } });
    relays.push(relay);
    const row = await known(relay);
    const fence = { ...(await fenceOf(row.id)), epoch: 0 };

    const end = await syncRelay(
      row,
      fence,
      { ...OPTIONS, deadlineAt: Date.now() + 60_000 },
      modules,
      AbortSignal.timeout(30_000),
    );

    expect(end).toEqual({ end: 'fenced' });
    expect(await readCoverage(pool, row.id, '{}')).toEqual([]);
    expect((await seenAt(row.id)).size).toBeGreaterThan(0);
  });

  it('tells a relay that cannot be reached', async () => {
    const relay = await startScriptedRelay();
    const row = await known(relay);
    await relay.close();

    const end = await syncRelay(
      row,
      await fenceOf(row.id),
      { ...OPTIONS, deadlineAt: Date.now() + 60_000 },
      modules,
      AbortSignal.timeout(30_000),
    );

    expect(end).toEqual({ end: 'unreachable', reason: 'refused' });
  });

  it.each<[string, Temper, Partial<CoverageRow>]>([
    ['by NIP-77', { cap: 500, negentropy: 'full' }, { status: 'complete', method: 'negentropy' }],
    [
      'by NIP-77 and COUNT',
      { cap: 500, negentropy: 'full', count: true },
      { status: 'complete', method: 'negentropy' },
    ],
    ['by kind and author, COUNT as the proof', { cap: 500, count: true }, { status: 'complete', method: 'count' }],
    ['by kind and author, without proof', { cap: 500 }, { status: 'saturated', reason: 'no-proof' }],
    [
      'by kind and author, COUNT no proof',
      { cap: 500, count: 'approximate' },
      { status: 'saturated', reason: 'no-proof' },
    ],
    [
      'by kind and author, NIP-77 cut short',
      { cap: 500, negentropy: 'truncated' },
      { status: 'saturated', reason: 'no-proof' },
    ],
    [
      'by kind and author, bounds left out',
      { cap: 500, exclusiveBounds: true },
      { status: 'saturated', reason: 'no-proof' },
    ],
  ])(
    'gets 3,000 events out of one second %s',
    async (_, temper, row) => {
      const synced = await sync([...plain, ...burst], temper, {}, 20_000);

      expect(synced.rows.find((r) => r.since <= BURST_AT && r.until >= BURST_AT)).toMatchObject(row);
      expect(gapsOf(synced)).toEqual(row.status === 'complete' ? [] : [{ since: BURST_AT, until: BURST_AT }]);
      expect(difference(synced)).toEqual({ missing: 0, surplus: 0 });
    },
    PATIENCE_MS,
  );

  it.each<[string, Temper]>([
    ['in full', { cap: 500, negentropy: 'full' }],
    ['in full, bounds left out', { cap: 500, negentropy: 'full', exclusiveBounds: true }],
    ['no more than 700 at a time, and says so', { cap: 500, negentropy: 'full', negentropyCap: 700 }],
    ['its newest 600, and keeps quiet', { cap: 500, negentropy: 'truncated', negentropyCap: 600 }],
    ['nothing, politely', { cap: 500, negentropy: 'blocked' }],
    ['nothing, silently', { cap: 500, negentropy: 'silent' }],
    ['garbage', { cap: 500, negentropy: 'garbage' }],
  ])(
    'ends complete with a relay that reconciles %s',
    async (_, temper) => {
      const synced = await sync([...plain, ...genesis], temper, {}, 5_000);

      expect(synced.ends.at(-1)).toEqual({ end: 'complete' });
      expect(gapsOf(synced)).toEqual([]);
      expect(difference(synced)).toEqual({ missing: 0, surplus: 0 });
    },
    PATIENCE_MS,
  );

  it(
    'does not begin a second anew for ever that takes longer than a slice',
    async () => {
      const synced = await sync([...burst], { cap: 60, latencyMs: 20 }, {}, 700);

      expect(synced.rows.filter((r) => r.status === 'saturated')).toMatchObject([{ since: BURST_AT, until: BURST_AT }]);
      expect(synced.ends.at(-1)).toEqual({ end: 'complete' });
    },
    PATIENCE_MS,
  );

  it(
    'moves less than a hundredth of the bytes to prove anew what did not change, by NIP-77',
    async () => {
      const { relay, relayId } = await sync(plain, { cap: 500, negentropy: 'full' }, {}, 20_000);
      await pool.query(`UPDATE sync_coverage SET verified_at = verified_at - 40 * 86400 WHERE relay_id = $1`, [
        relayId,
      ]);
      const before = relay.bytesSent;
      const rescan = { recentMs: 7 * 86_400_000, recentEveryMs: 86_400_000, fullEveryMs: 30 * 86_400_000 };

      const { rows } = await resume(relay, relayId, { rescan }, 20_000);

      const paged = plain.reduce((bytes, event) => bytes + JSON.stringify(event).length, 0);
      expect(rows.find((r) => r.since <= BURST_AT && r.until >= BURST_AT)!.verifiedAt).toBeGreaterThan(
        Date.now() / 1000 - 60,
      );
      expect((relay.bytesSent - before) / paged).toBeLessThan(0.01);
    },
    PATIENCE_MS,
  );

  it('does not take a reconciliation of a second at its word that was cut short', async () => {
    const older = plain.filter((event) => event.created_at < BURST_AT);

    const synced = await sync(
      [...older, ...burst],
      { cap: 500, negentropy: 'truncated', negentropyCap: 900 },
      {},
      20_000,
    );

    expect(synced.rows.filter((r) => r.status !== 'complete')).toMatchObject([
      { since: BURST_AT, status: 'saturated' },
    ]);
    expect(difference(synced)).toEqual({ missing: 0, surplus: 0 });
  });

  it('fetches by id what the archive has from nowhere, in pieces that the relay gives', async () => {
    const unheard = factory.many(1_200, (i) => ({ created_at: FIRST + 70_000 + i }));

    const { relay, ends, stored } = await sync(unheard, { cap: 100, negentropy: 'full' }, {}, 20_000);

    expect(ends).toEqual([{ end: 'complete' }]);
    expect(difference({ relay, stored })).toEqual({ missing: 0, surplus: 0 });
    expect(relay.requests.filter((r) => r.filters.some((f) => 'ids' in f)).length).toBeGreaterThanOrEqual(12);
  });

  it('downloads nothing that the archive holds from elsewhere', async () => {
    const { relay, stored } = await sync(plain, { cap: 500, negentropy: 'full' }, {}, 20_000);

    expect(stored.size).toBe(plain.length);
    expect(relay.requests.filter((r) => r.verb === 'REQ' && r.filters.some((f) => 'ids' in f))).toEqual([]);
    expect(relay.requests.filter((r) => r.verb === 'REQ').length).toBeLessThanOrEqual(6);
  });
});
