import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createPool, migrate, readCoverage, type Pool } from '@bigbrotr/core';
import { parseRelayUrl, uncovered } from '@bigbrotr/models';
import {
  createEventFactory,
  createRandom,
  createTestDatabase,
  startScriptedRelay,
  until,
  type ScriptedRelay,
  type TestDatabase,
} from '@bigbrotr/testing';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('..', import.meta.url));

/** A process of its own, from the built packages: slice after slice until the stage says that it is through. */
const WORKER = `
  import * as core from '@bigbrotr/core';
  import { synchronizerStage } from '@bigbrotr/synchronizer';
  import { createDialer, createVerifier, generateSecretKey, signEvent } from '@bigbrotr/utils';
  const [url, relayId] = process.argv.slice(1);
  const pool = core.createPool({ url, max: 4, connectTimeoutMs: 5000, statementTimeoutMs: 20000, idleTimeoutMs: 5000, applicationName: 'worker' }, () => {});
  const network = { enabled: true, timeoutMs: 5000, timeout: 2000 };
  const networks = { clearnet: network, tor: network, i2p: network, loki: network, local: network };
  const dialer = createDialer({ networks });
  const verifier = await createVerifier({ engine: 'auto' });
  const secret = generateSecretKey();
  const running = await synchronizerStage.start({ synchronizer: synchronizerStage.config.parse({ sliceBudget: '2s' }) }, {
    pool, networks, policy: { expiration: 'keep' }, dial: dialer.dial, verifyMany: verifier.verifyMany,
    writer: new core.EventWriter({ ...core.EVENT_WRITER_DEFAULTS, profile: 'full' }, { pool }),
    sign: async (template) => signEvent(template, secret), now: Date.now,
    metrics: core.createEventMetrics(core.createRegistry()), log: core.createLogger({ level: 'silent', pretty: false }),
  });
  for (;;) {
    const context = { queue: 'sync-local', network: 'local', jobId: 'x', attempt: 1, stalls: 0, interactive: false, deadlineAt: Date.now() + 30000, progress: async () => {} };
    const outcome = await running.registrations[0].run({ v: 1, relayId: Number(relayId) }, context, AbortSignal.timeout(30000));
    if (outcome.result === 'complete') break;
    if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
  }
  process.exit(0);
`;

describe('a synchronizer that is killed', () => {
  const random = createRandom(17);
  let database: TestDatabase;
  let pool: Pool;
  let relay: ScriptedRelay;
  let relayId: number;
  let worker: ChildProcess | undefined;

  beforeAll(async () => {
    database = await createTestDatabase(migrate);
    pool = createPool(
      {
        url: database.url,
        max: 2,
        connectTimeoutMs: 5_000,
        statementTimeoutMs: 20_000,
        idleTimeoutMs: 5_000,
        applicationName: 'spec',
      },
      () => undefined,
    );
    const events = createEventFactory({ seed: 21 }).corpus({
      count: 5_000,
      since: 1_700_000_000,
      until: 1_700_060_000,
    });
    relay = await startScriptedRelay({ events, temper: { cap: 100, latencyMs: 10 } });
    const parsed = parseRelayUrl(relay.url, { local: true });
    if (!parsed.ok) throw new Error(parsed.reason);
    const { rows } = await pool.query<{ id: number }>(
      `INSERT INTO relays (url, network, discovered_at, status) VALUES ($1, 'local', 1, 'online') RETURNING id`,
      [parsed.url],
    );
    relayId = rows[0]!.id;
  });

  afterAll(async () => {
    worker?.kill('SIGKILL');
    await relay.close();
    await pool.end();
    await database.drop();
  });

  function start(): ChildProcess {
    worker = spawn(process.execPath, ['--input-type=module', '-e', WORKER, database.url, String(relayId)], {
      cwd: FOLDER,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return worker;
  }

  const asked = () => relay.requests.filter((r) => r.verb === 'REQ').length;

  /** What is claimed to be complete and is not stored. */
  async function untold(): Promise<number> {
    const rows = (await readCoverage(pool, relayId, '{}')).filter((r) => r.status === 'complete');
    const stored = await seen();
    return relay
      .truth()
      .filter((e) => !stored.has(e.id) && rows.some((r) => e.created_at >= r.since && e.created_at <= r.until)).length;
  }

  async function seen(): Promise<Set<string>> {
    const { rows } = await pool.query<{ id: string }>(
      `SELECT encode(e.id, 'hex') AS id FROM event_seen s JOIN events e ON e.seq = s.event_seq WHERE s.relay_id = $1`,
      [relayId],
    );
    expect(new Set(rows.map((r) => r.id)).size).toBe(rows.length);
    return new Set(rows.map((r) => r.id));
  }

  it('has claimed nothing that it does not have, five times, and gets everything in the end, once', async () => {
    for (let kill = 0; kill < 5; kill++) {
      const process = start();
      const target = asked() + 2 + random.below(8);
      await until(() => asked() >= target, { timeoutMs: 30_000 });
      process.kill('SIGKILL');
      await once(process, 'exit');
      expect(await untold()).toBe(0);
      // Instead of waiting for the dead holder's half minute to pass.
      await pool.query(`UPDATE leases SET expires_at = now() - interval '1 ms' WHERE holder IS NOT NULL`);
    }
    const [code] = await once(start(), 'exit');

    expect(code).toBe(0);
    const stored = await seen();
    expect(relay.truth().filter((e) => !stored.has(e.id))).toHaveLength(0);
    expect(
      uncovered(await readCoverage(pool, relayId, '{}'), { since: 0, until: Math.floor(Date.now() / 1000) - 3_600 }),
    ).toEqual([]);
    const { rows } = await pool.query('SELECT count(*)::integer AS n FROM events');
    expect(rows).toEqual([{ n: 5_000 }]);
  }, 120_000);
});
