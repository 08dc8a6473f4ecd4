import type { Pool } from '../db/pool.js';
import type { Logger } from '../logging/logger.js';
import { contractOf } from '../queue/contracts/registry.js';
import type { JobListener, JobRef } from '../queue/worker-host.js';
import { storeFailure } from '../archive/failure-store.js';
import { markFinished, markStarted } from './job-requests.js';
import { hastenRelayTask } from '../schedule/relay-tasks.js';

/** How soon a relay is due again after a job of it failed for a fault of ours. */
const AFTER_FAULT_MS = 5 * 60_000;

/**
 * Carries the course of jobs over to the requests that wait for them. A fast path: what is lost here (the process
 * died) the dead-letter mirror and the schedule make good.
 */
export function createRequestListener(pool: Pool, log: Logger): JobListener {
  const attempt = (work: Promise<unknown>) =>
    void work.catch((error: unknown) => log.warn({ err: error }, 'job request not updated'));
  const refOf = ({ queue, data }: JobRef) => {
    const { contract } = contractOf(queue);
    return { queue, key: contract.dedup(contract.decode(data)) };
  };
  return {
    onStarted: (job) => attempt(markStarted(pool, refOf(job))),
    onFinished: (job) => {
      if (!job.again)
        attempt(
          markFinished(pool, refOf(job), {
            status: job.result === 'cancelled' ? 'cancelled' : 'done',
            text: job.result,
          }),
        );
    },
    onFailed: (job) => {
      const now = Date.now();
      attempt(storeFailure(pool, { ...job, addedAt: now, failedAt: now }));
      // A payload that cannot be read has no key either.
      attempt(Promise.resolve().then(() => markFinished(pool, refOf(job), { status: 'failed', text: job.reason })));
      const { contract } = contractOf(job.queue);
      const relayId = relayIdOf(job.data);
      if (relayId !== undefined) attempt(hastenRelayTask(pool, contract.stage, relayId, AFTER_FAULT_MS));
    },
  };
}

function relayIdOf(data: unknown): number | undefined {
  if (typeof data !== 'object' || data === null || !('relayId' in data)) return undefined;
  return typeof data.relayId === 'number' ? data.relayId : undefined;
}
