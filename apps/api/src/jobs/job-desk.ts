import {
  askToCancel,
  cancelJobRequest,
  cancelUnqueuedRequest,
  createJobRequest,
  isJobShared,
  lookUpJob,
  QueueError,
  readJobRequest,
  reopenJobRequest,
  routeRequest,
  type Bus,
  type JobRequest,
  type JobRequestBody,
  type Logger,
  type NetworksConfig,
  type Pool,
  type QueueBackend,
} from '@bigbrotr/core';

import { HttpProblem } from '../http/http-problem.js';
import { judgeRequest } from './judge-request.js';
import { isOver } from './job-view.js';

export interface DeskModules {
  readonly pool: Pool;
  readonly bus: Bus;
  readonly backend: QueueBackend;
  readonly networks: NetworksConfig;
  readonly log: Logger;
}

/** Takes requests for work. Each is a row in PostgreSQL first; the queue hears of it at once if it can, and later if not. */
export interface JobDesk {
  read(id: string): Promise<JobRequest>;
  /** The same idempotency key answers with the request that it made first. */
  submit(
    body: JobRequestBody,
    by: { readonly actor: string; readonly idempotencyKey?: string | undefined },
  ): Promise<JobRequest>;
  cancel(id: string): Promise<JobRequest>;
  retry(id: string): Promise<JobRequest>;
}

/** Whoever asks does not wait for a backend that hangs: the row is written. */
const HAND_OVER_MS = 2_500;

export function createJobDesk({ pool, bus, backend, networks, log }: DeskModules): JobDesk {
  async function read(id: string): Promise<JobRequest> {
    const request = await readJobRequest(pool, id);
    if (!request) throw new HttpProblem(404, 'job-unknown', 'No job has this id.');
    return request;
  }

  /** Failing here costs a moment: the dispatcher picks up what no queue has heard of. */
  async function handOver(request: JobRequest): Promise<void> {
    const routed = routeRequest(
      request,
      {
        local: networks.local.enabled,
        enabled: (network) => networks[network].enabled,
        at: Math.floor(Date.now() / 1_000),
      },
      { db: pool, bus },
    ).catch((error: unknown) =>
      log.warn({ err: error, requestId: request.id }, 'job request waits for the dispatcher'),
    );
    await within(HAND_OVER_MS, routed);
  }

  return {
    read,

    async submit(body, { actor, idempotencyKey }) {
      await judgeRequest(body, { pool, networks });
      const created = await createJobRequest(pool, body, {
        requestedBy: actor,
        ...(idempotencyKey !== undefined && { idempotencyKey }),
      });
      if (!created.ok) {
        throw new HttpProblem(
          409,
          'idempotency-conflict',
          'This Idempotency-Key was used with another body. Use a new one.',
        );
      }
      if (created.repeated) return created.request;
      await handOver(created.request);
      return read(created.request.id);
    },

    async cancel(id) {
      const request = await read(id);
      if (isOver(request)) return request;
      await stop(request);
      return read(id);
    },

    async retry(id) {
      const request = await read(id);
      await judgeRequest(request.body, { pool, networks });
      if (!(await reopenJobRequest(pool, id))) {
        throw new HttpProblem(
          409,
          'job-not-failed',
          `This job is ${request.status}: only one that failed or was cancelled can be tried again.`,
        );
      }
      await handOver(await read(id));
      return read(id);
    },
  };

  async function stop({ id, queue, jobKey: key }: JobRequest): Promise<void> {
    if (queue === null || key === null || (await isJobShared(pool, id, { queue, key }))) {
      await cancelJobRequest(pool, id);
      return;
    }
    try {
      const job = await lookUpJob(backend, { queue, key });
      const result = job ? await bus.cancel(queue, job.jobId) : 'gone';
      await (result === 'signalled' ? askToCancel(pool, id) : cancelJobRequest(pool, id));
    } catch (error) {
      // The queue is away: what it never heard of can end all the same.
      if (!(error instanceof QueueError) || !(await cancelUnqueuedRequest(pool, id))) throw error;
    }
  }
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
