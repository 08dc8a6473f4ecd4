import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@bigbrotr/testing';

import { migrate } from '../db/migrate.js';
import { createPool, type Pool } from '../db/pool.js';
import { askToCancel, cancelJobRequest, isJobShared, reopenJobRequest } from './cancel-request.js';
import {
  assignJob,
  closeJobRequest,
  createJobRequest,
  listJobRequests,
  markEnqueued,
  markFinished,
  markStarted,
  pendingJobRequests,
  readJobRequest,
  readJobRequests,
  type JobRequest,
} from './job-requests.js';
import type { JobRequestBody } from './request-body.js';

const SYNC: JobRequestBody = { kind: 'sync', relay: 'wss://a.example.com' };

describe('job requests', () => {
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

  async function made(body: JobRequestBody = SYNC): Promise<JobRequest> {
    const result = await createJobRequest(pool, body);
    if (!result.ok) throw new Error(result.reason);
    return result.request;
  }

  it('answers the same key and body with the same request, whatever the order of the fields', async () => {
    const first = await createJobRequest(pool, SYNC, { idempotencyKey: 'k1', requestedBy: 'spec' });
    const again = await createJobRequest(
      pool,
      { relay: 'wss://a.example.com', kind: 'sync' },
      { idempotencyKey: 'k1' },
    );

    expect(first).toMatchObject({ ok: true, repeated: false, request: { status: 'queued', body: SYNC } });
    expect(again).toEqual({ ...first, repeated: true });
  });

  it('refuses the same key with another body', async () => {
    await createJobRequest(pool, SYNC, { idempotencyKey: 'k2' });

    const other = await createJobRequest(
      pool,
      { kind: 'monitor', relay: 'wss://a.example.com' },
      { idempotencyKey: 'k2' },
    );

    expect(other).toEqual({ ok: false, reason: 'idempotency-conflict' });
  });

  it('makes one request of one key, however many ask at once', async () => {
    const results = await Promise.all(
      Array.from({ length: 8 }, () => createJobRequest(pool, SYNC, { idempotencyKey: 'k3' })),
    );

    expect(new Set(results.map((r) => r.ok && r.request.id)).size).toBe(1);
    expect(results.filter((r) => r.ok && !r.repeated)).toHaveLength(1);
  });

  it('makes a new request of the same body without a key', async () => {
    expect((await made()).id).not.toBe((await made()).id);
  });

  it('goes from queued over running to done, and stays there', async () => {
    const { id } = await made();
    const job = { queue: 'sync-clearnet', key: 'sync-1' };
    await assignJob(pool, id, job);
    expect((await pendingJobRequests(pool, 1_000)).map((r) => r.id)).toContain(id);
    await markEnqueued(pool, id);
    expect((await pendingJobRequests(pool, 1_000)).map((r) => r.id)).not.toContain(id);

    await markStarted(pool, job);
    expect(await readJobRequest(pool, id)).toMatchObject({ status: 'running', queue: job.queue, jobKey: job.key });
    await markFinished(pool, job, { status: 'done', text: 'synced' });
    await markStarted(pool, job);
    await markFinished(pool, job, { status: 'failed', text: 'too late' });
    await closeJobRequest(pool, id, { error: 'too late' });

    expect(await readJobRequest(pool, id)).toMatchObject({ status: 'done', result: 'synced', error: null });
  });

  it('is no longer pending once it is over, even if nobody said that it was enqueued', async () => {
    const { id } = await made();
    const job = { queue: 'maintain', key: 'maintain-fast' };
    await assignJob(pool, id, job);
    await markFinished(pool, job, { status: 'done', text: 'fast' });

    expect((await pendingJobRequests(pool, 1_000)).map((r) => r.id)).not.toContain(id);
  });

  it('ends every request that waits for the job, and no other', async () => {
    const [a, b, other] = [await made(), await made(), await made()];
    const job = { queue: 'sync-clearnet', key: 'sync-77' };
    await assignJob(pool, a.id, job);
    await assignJob(pool, b.id, job);
    await assignJob(pool, other.id, { ...job, key: 'sync-78' });

    expect(await isJobShared(pool, a.id, job)).toBe(true);
    await markFinished(pool, job, { status: 'failed', text: 'bug' });

    const ended = await readJobRequests(pool, [a.id, b.id, other.id]);
    expect(new Map(ended.map((r) => [r.id, r.error]))).toEqual(
      new Map([
        [a.id, 'bug'],
        [b.id, 'bug'],
        [other.id, null],
      ]),
    );
    expect(await isJobShared(pool, a.id, job)).toBe(false);
  });

  it('cancels what is not over, and opens again what failed or was cancelled', async () => {
    const { id } = await made();
    await askToCancel(pool, id);
    expect(await readJobRequest(pool, id)).toMatchObject({ status: 'queued', cancelRequested: true });

    expect(await cancelJobRequest(pool, id)).toBe(true);
    expect(await cancelJobRequest(pool, id)).toBe(false);
    expect(await reopenJobRequest(pool, id)).toBe(true);
    expect(await reopenJobRequest(pool, id)).toBe(false);

    expect(await readJobRequest(pool, id)).toMatchObject({ status: 'queued', cancelRequested: false, queue: null });
    expect((await pendingJobRequests(pool, 1_000)).map((r) => r.id)).toContain(id);
  });

  it('lists the newest first', async () => {
    const last = await made();

    const listed = await listJobRequests(pool, 2);

    expect(listed).toHaveLength(2);
    expect(listed[0]?.id).toBe(last.id);
  });
});
