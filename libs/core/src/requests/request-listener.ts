import { postponeCandidate } from '../archive/candidate-store.js';
import { storeFailure } from '../archive/failure-store.js';
import type { Pool } from '../db/pool.js';
import type { Logger } from '../logging/logger.js';
import { contractOf } from '../queue/contracts/registry.js';
import type { JobListener, JobRef } from '../queue/worker-host.js';
import { finishPeriodicTask } from '../schedule/periodic-tasks.js';
import { hastenRelayTask } from '../schedule/relay-tasks.js';
import { markFinished, markStarted } from './job-requests.js';

/** How soon work is due again after its job failed for a fault of ours. */
const AFTER_FAULT_MS = 5 * 60_000;

/**
 * Carries the course of jobs over to the requests that wait for them, and pulls the schedule of failed ones back. A fast
 * path: what is lost here (the process died) the dead-letter mirror and the schedule make good.
 */
export function createRequestListener(pool: Pool, log: Logger): JobListener {
  function attempt(work: () => Promise<void>): void {
    // Called inside the chain: a payload that no contract reads has no key, and throws at once.
    Promise.resolve()
      .then(work)
      .catch((error: unknown) => log.warn({ err: error }, 'end of a job not written down'));
  }
  return {
    onStarted: (job) => attempt(() => markStarted(pool, refOf(job))),
    onFinished: (job) => {
      if (job.again) return;
      const status = job.result === 'cancelled' ? 'cancelled' : 'done';
      attempt(() => markFinished(pool, refOf(job), { status, text: job.result }));
    },
    onFailed: (job) => {
      const now = Date.now();
      attempt(() => storeFailure(pool, { ...job, addedAt: now, failedAt: now }));
      attempt(() => markFinished(pool, refOf(job), { status: 'failed', text: job.reason }));
      attempt(() => hasten(pool, job));
    },
  };
}

function refOf({ queue, data }: JobRef): { queue: string; key: string } {
  const { contract } = contractOf(queue);
  return { queue, key: contract.dedup(contract.decode(data)) };
}

/** Due again soon, instead of when the claim would have run out. */
async function hasten(pool: Pool, { queue, data }: JobRef): Promise<void> {
  const { stage } = contractOf(queue).contract;
  const { relayId, candidateId, source, task } = data as Readonly<Record<string, unknown>>;
  if (typeof relayId === 'number') await hastenRelayTask(pool, stage, relayId, AFTER_FAULT_MS);
  if (typeof candidateId === 'number') await postponeCandidate(pool, candidateId, AFTER_FAULT_MS);
  const key = source ?? task;
  if (typeof key === 'string') await finishPeriodicTask(pool, { stage, key, dueInMs: AFTER_FAULT_MS, failed: true });
}
