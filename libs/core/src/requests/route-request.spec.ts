import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@bigbrotr/testing';
import { parseRelayUrl, relayUrlParts } from '@bigbrotr/models';

import { findCandidate, putCandidates } from '../archive/candidate-store.js';
import { promoteCandidate } from '../archive/relay-store.js';
import { migrate } from '../db/migrate.js';
import { createPool, type Pool } from '../db/pool.js';
import { createLogger } from '../logging/logger.js';
import { openQueueBackend, type QueueBackend } from '../queue/backend.js';
import { createBus, type Bus } from '../queue/bus.js';
import { migrateQueueSchema } from '../queue/postgres-pool.js';
import { QueueError } from '../queue/queue-error.js';
import { createJobRequest, markFinished, pendingJobRequests, readJobRequest, type JobRequest } from './job-requests.js';
import type { JobRequestBody } from './request-body.js';
import { routeRequest, type Routed } from './route-request.js';

const OPTIONS = { local: false, enabled: (network: string) => network === 'clearnet', at: 7 };
const KNOWN = 'wss://known.example.com';

describe('routeRequest', () => {
  let database: TestDatabase;
  let pool: Pool;
  let backend: QueueBackend;
  let bus: Bus;
  let relayId: number;
  const log = createLogger({ level: 'silent', pretty: false });

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
    const [candidate] = await putCandidates(pool, [found(KNOWN)], 1);
    const finding = { status: 'online' as const };
    relayId = (await promoteCandidate(pool, { candidateId: candidate!.id, finding, stages: [], at: 1 }))!.id;
  });

  afterAll(async () => {
    await backend.close();
    await pool.end();
    await database.drop();
  });

  function found(text: string) {
    const parsed = parseRelayUrl(text);
    if (!parsed.ok) throw new Error(parsed.reason);
    return { ...parsed, host: relayUrlParts(parsed.url).host, source: 'spec' };
  }

  async function created(body: JobRequestBody): Promise<JobRequest> {
    const result = await createJobRequest(pool, body);
    if (!result.ok) throw new Error(result.reason);
    return result.request;
  }

  async function route(body: JobRequestBody): Promise<{ routed: Routed; request: JobRequest }> {
    const { id } = await created(body);
    const routed = await routeRequest((await readJobRequest(pool, id))!, OPTIONS, { db: pool, bus });
    return { routed, request: (await readJobRequest(pool, id))! };
  }

  it.each<[JobRequestBody, string, () => string]>([
    [{ kind: 'find', source: 'mentions' }, 'find', () => 'find-mentions'],
    [{ kind: 'publish', what: 'profile' }, 'publish', () => 'publish-profile'],
    [{ kind: 'maintain', task: 'housekeeping' }, 'maintain', () => 'maintain-housekeeping'],
    [{ kind: 'monitor', relay: KNOWN }, 'monitor-clearnet', () => `monitor-${relayId}`],
    [{ kind: 'sync', relay: 'WSS://Known.example.com:443/' }, 'sync-clearnet', () => `sync-${relayId}`],
  ])('sends %j to %s', async (body, queue, key) => {
    const { routed, request } = await route(body);

    expect(routed).toMatchObject({ to: 'job', queue });
    expect(request).toMatchObject({ status: 'queued', queue, jobKey: key() });
    expect(routed.to === 'job' && (await bus.stateOf(queue, routed.jobId))).toBe('waiting');
    expect((await pendingJobRequests(pool, 1_000)).map((r) => r.id)).not.toContain(request.id);
  });

  it('sends a list to the seeder as the id of its request: jobs carry no bodies', async () => {
    const { routed, request } = await route({ kind: 'seed', urls: ['wss://s.example.com'] });

    expect(routed).toMatchObject({ to: 'job', queue: 'seed' });
    const job = routed.to === 'job' ? await backend.queue('seed').getJob(routed.jobId) : undefined;
    expect(job?.data).toMatchObject({ requestId: request.id });
    expect(JSON.stringify(job?.data)).not.toContain('s.example.com');
  });

  it('makes a candidate of an unknown URL and sends it to the validator, even when it is being tried already', async () => {
    const first = await route({ kind: 'validate', relay: 'wss://new.example.com/' });
    const second = await route({ kind: 'validate', relay: 'wss://new.example.com' });

    const candidate = await findCandidate(pool, found('wss://new.example.com').url);
    expect(first.request).toMatchObject({ queue: 'validate-clearnet', jobKey: `validate-${candidate!.id}` });
    // The same work is one job.
    expect(second.routed).toEqual(first.routed);
  });

  it.each<[string, JobRequestBody, object]>([
    ['a relay that is known', { kind: 'validate', relay: KNOWN }, { status: 'done', result: 'known relay' }],
    [
      'a relay that is not',
      { kind: 'sync', relay: 'wss://nobody.example.com' },
      { status: 'failed', error: 'no such relay; ask for its validation first' },
    ],
    [
      'what the URL law rejects',
      { kind: 'validate', relay: 'https://a.example.com' },
      { status: 'failed', error: 'not a relay URL: scheme' },
    ],
    [
      'a network that is off',
      { kind: 'validate', relay: 'ws://stuff.i2p' },
      { status: 'failed', error: 'the i2p network is not enabled' },
    ],
    [
      'a task that no contract takes',
      { kind: 'maintain', task: 'No such: task' },
      { status: 'failed', error: 'not a job that maintain knows' },
    ],
  ])('answers %s at once', async (_, body, end) => {
    const { routed, request } = await route(body);

    expect(routed.to).not.toBe('job');
    expect(request).toMatchObject(end);
    expect(request.finishedAt).not.toBeNull();
  });

  it('keeps local relays out unless they are on', async () => {
    const { request } = await route({ kind: 'validate', relay: 'ws://127.0.0.1:7000' });
    expect(request.error).toMatch(/^not a relay URL: /);

    const options = { local: true, enabled: () => true, at: 7 };
    const allowed = await created({ kind: 'validate', relay: 'ws://127.0.0.1:7000' });
    const routed = await routeRequest(allowed, options, { db: pool, bus });
    expect(routed).toMatchObject({ to: 'job', queue: 'validate-local' });
  });

  it('does not lose the end of a job that is over before the request is written down', async () => {
    const request = await created({ kind: 'maintain', task: 'at-once' });
    const job = { queue: 'maintain', key: 'maintain-at-once' };
    // A worker that takes the job the moment it is there.
    const swift: Bus = {
      ...bus,
      request: async (...args) => {
        const requested = await bus.request(...args);
        await markFinished(pool, job, { status: 'done', text: 'at-once' });
        return requested;
      },
    };

    await routeRequest(request, OPTIONS, { db: pool, bus: swift });

    expect(await readJobRequest(pool, request.id)).toMatchObject({ status: 'done', result: 'at-once' });
  });

  it('leaves the request for a later try while the queue backend is away', async () => {
    const request = await created({ kind: 'find', source: 'later' });
    const ended = createPool(
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
    await migrateQueueSchema(ended);
    const gone = await openQueueBackend({ backend: 'postgres', pool: ended }, { log });
    await ended.end();

    const routing = routeRequest(request, OPTIONS, { db: pool, bus: createBus(gone) });

    await expect(routing).rejects.toThrow(QueueError);
    expect((await pendingJobRequests(pool, 1_000)).map((r) => r.id)).toContain(request.id);
    await gone.close();
  });
});
