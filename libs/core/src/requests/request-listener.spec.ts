import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createTestDatabase, until, type TestDatabase } from '@bigbrotr/testing';
import { parseRelayUrl } from '@bigbrotr/models';

import { putCandidates } from '../archive/candidate-store.js';
import { promoteCandidate } from '../archive/relay-store.js';
import { migrate } from '../db/migrate.js';
import { createPool, type Pool } from '../db/pool.js';
import { createLogger } from '../logging/logger.js';
import type { JobListener, JobRef } from '../queue/worker-host.js';
import { ensurePeriodicTasks } from '../schedule/periodic-tasks.js';
import { assignJob, createJobRequest, readJobRequest } from './job-requests.js';
import { createRequestListener } from './request-listener.js';

describe('createRequestListener', () => {
  let database: TestDatabase;
  let pool: Pool;
  let listener: Required<Pick<JobListener, 'onStarted' | 'onFinished' | 'onFailed'>>;
  let id: string;
  const lines: string[] = [];
  const log = createLogger({ level: 'debug', pretty: false }, { destination: { write: (line) => lines.push(line) } });

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
    listener = createRequestListener(pool, log) as typeof listener;
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  beforeEach(async () => {
    await pool.query('TRUNCATE job_requests, job_failures, periodic_tasks');
    const made = await createJobRequest(pool, { kind: 'maintain', task: 'housekeeping' });
    id = made.ok ? made.request.id : '';
    await assignJob(pool, id, { queue: 'maintain', key: 'maintain-housekeeping' });
  });

  function job(queue: string, data: object): JobRef {
    return { queue, jobId: 'j1', name: queue, data: { v: 1, ...data }, attempts: 2, stalled: 0 };
  }
  const ours = job('maintain', { task: 'housekeeping' });
  const status = async () => (await readJobRequest(pool, id))?.status;

  it('follows a job from its start to its end', async () => {
    listener.onStarted(ours);
    await until(async () => (await status()) === 'running');

    listener.onFinished({ ...ours, result: 'housekeeping', again: false });

    await until(async () => (await status()) === 'done');
    expect(await readJobRequest(pool, id)).toMatchObject({ result: 'housekeeping' });
  });

  it('calls a cancelled job a cancelled request', async () => {
    listener.onFinished({ ...ours, result: 'cancelled', again: false });

    await until(async () => (await status()) === 'cancelled');
  });

  it('waits on while there is one more run to come', async () => {
    listener.onFinished({ ...ours, result: 'slice', again: true });
    listener.onStarted(ours);
    await until(async () => (await status()) === 'running');
  });

  it('ends the request of a dead letter with its reason, keeps the letter, and makes the task due again soon', async () => {
    await ensurePeriodicTasks(pool, 'maintainer', ['housekeeping']);
    await pool.query("UPDATE periodic_tasks SET next_due_at = now() + interval '6 hours'");

    listener.onFailed({ ...ours, reason: 'bug' });

    await until(async () => (await status()) === 'failed');
    expect(await readJobRequest(pool, id)).toMatchObject({ error: 'bug', result: null });
    await until(async () => (await pool.query('SELECT 1 FROM job_failures WHERE reason = $1', ['bug'])).rowCount);
    await until(async () => (await dueSoon('periodic_tasks')) === 1);
  });

  it.each(['relay', 'candidate'])(
    'makes the %s of a dead letter due again soon, not when its claim runs out',
    async (kind) => {
      const parsed = parseRelayUrl(`wss://${kind}.example.com`);
      if (!parsed.ok) throw new Error(parsed.reason);
      const [candidate] = await putCandidates(pool, [{ ...parsed, host: kind, source: 'spec' }], 1);
      let failed = job('validate-clearnet', { candidateId: candidate!.id });
      let table = 'candidates';
      if (kind === 'relay') {
        const finding = { status: 'online' as const };
        const relay = await promoteCandidate(pool, { candidateId: candidate!.id, finding, stages: ['monitor'], at: 1 });
        failed = job('monitor-clearnet', { relayId: relay!.id });
        table = 'relay_tasks';
      }
      await pool.query(`UPDATE ${table} SET next_due_at = now() + interval '30 minutes'`);

      listener.onFailed({ ...failed, reason: 'bug' });

      await until(async () => (await dueSoon(table)) === 1);
    },
  );

  it('says so, and does nothing else, of a payload that nobody can read', async () => {
    lines.length = 0;

    listener.onStarted(job('maintain', { task: 7 }));
    listener.onFinished({ ...job('maintain', {}), result: 'x', again: false });

    await until(() => lines.length === 2);
    expect(lines.join('')).toContain('payload');
    expect(await status()).toBe('queued');
  });

  async function dueSoon(table: string): Promise<number> {
    const { rowCount } = await pool.query(
      `SELECT 1 FROM ${table} WHERE next_due_at BETWEEN now() + interval '4 minutes' AND now() + interval '6 minutes'`,
    );
    return rowCount ?? 0;
  }
});
