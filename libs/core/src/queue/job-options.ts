import { MetricsTime, type JobsOptions, type QueueOptions, type WorkerOptions } from 'bullmq';

import type { Contract } from './contract.js';

/** Lower runs first. Somebody waits for an interactive job; back-fill takes what is left. */
export const PRIORITIES = { interactive: 1, scheduled: 10, backfill: 20 } as const;
export type Priority = keyof typeof PRIORITIES;

/** From a process's death until another one runs its job: at most lock + check interval. */
export const LOCK_MS = 15_000;
export const STALLED_CHECK_MS = 5_000;
/** The next death after these makes the job a dead letter. */
export const MAX_STALLS = 3;
/** From here on a job runs alone in its process: its bystanders must not be blamed for a crash. */
export const SUSPECT_STALLS = 2;

/** The failed set is the dead-letter queue; the mirror in PostgreSQL outlives it. */
const KEEP_FAILED = { age: 7 * 86_400, count: 5_000 };
/** A job that is put off again and again (a busy host, a long outage) ends as a dead letter, not as a ghost. */
const MAX_STARTS = 1_000;
/** Nobody reads far back; each event costs memory for ever. */
export const MAX_EVENTS = 2_000;
/** `Queue.rateLimit` has no effect on workers without a limiter. This one never limits by itself. */
const NEVER_REACHED = { max: 1_000_000_000, duration: 1_000 };

export const QUEUE_OPTIONS: Pick<QueueOptions, 'streams' | 'defaultJobOptions'> = {
  streams: { events: { maxLen: MAX_EVENTS } },
  defaultJobOptions: { stackTraceLimit: 2, keepLogs: 50 },
};

export type WorkerTimes = Pick<WorkerOptions, 'lockDuration' | 'stalledInterval' | 'drainDelay'>;

export const WORKER_OPTIONS: Omit<WorkerOptions, 'connection'> = {
  autorun: false,
  lockDuration: LOCK_MS,
  stalledInterval: STALLED_CHECK_MS,
  maxStalledCount: MAX_STALLS,
  maxStartedAttempts: MAX_STARTS,
  removeOnComplete: { count: 0 },
  removeOnFail: KEEP_FAILED,
  limiter: NEVER_REACHED,
  metrics: { maxDataPoints: MetricsTime.ONE_WEEK },
  // After a lost connection; the default of 15 s would double the time to recover.
  runRetryDelay: 2_000,
};

/** Of one job. What all jobs share stands in the worker's options: a job in Redis is mostly its options. */
export function jobOptions(contract: Contract, priority: Priority): JobsOptions {
  return {
    priority: PRIORITIES[priority],
    attempts: contract.attempts,
    ...(contract.attempts > 1 && { backoff: { type: 'exponential', delay: 2_000, jitter: 0.5 } }),
  };
}
