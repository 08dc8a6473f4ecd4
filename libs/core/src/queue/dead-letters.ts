import type { QueueBackend } from './backend.js';
import { toJob } from './bus.js';
import { contractOf } from './contracts/registry.js';
import { QueueError } from './queue-error.js';

export interface DeadLetter {
  readonly queue: string;
  readonly jobId: string;
  readonly name: string;
  readonly data: unknown;
  readonly reason: string;
  readonly stack?: string;
  readonly attempts: number;
  readonly stalled: number;
  /** Unix milliseconds. */
  readonly addedAt: number;
  readonly failedAt: number;
}

export interface Page {
  readonly offset: number;
  /** 100 at most: the backend reads a page in one go. */
  readonly limit: number;
}

/** The failed set of a queue, newest first. The mirror in PostgreSQL outlives it. */
export interface DeadLetters {
  list(queue: string, page: Page): Promise<readonly DeadLetter[]>;
  /** Runs its work again as a new job, with new attempts; the dead letter goes. False when the same work is already under way. */
  redrive(queue: string, jobId: string): Promise<boolean>;
  discard(queue: string, jobId: string): Promise<void>;
}

const MAX_PAGE = 100;

export function createDeadLetters(backend: QueueBackend): DeadLetters {
  async function find(name: string, jobId: string) {
    const { contract } = contractOf(name);
    const queue = backend.queue(name);
    const job = await queue.getJob(jobId);
    if (!job || !(await job.isFailed()))
      throw new QueueError('job-unknown', `${name} has no dead letter ${jobId}.`, { queue: name, jobId });
    return { contract, queue, job };
  }

  return {
    async list(name, { offset, limit }) {
      contractOf(name);
      const end = offset + Math.min(Math.max(limit, 1), MAX_PAGE) - 1;
      const jobs = await backend.queue(name).getFailed(offset, end);
      return jobs.map((job) => ({
        queue: name,
        jobId: job.id ?? '',
        name: job.name,
        data: job.data,
        reason: job.failedReason,
        ...(job.stacktrace?.[0] !== undefined && { stack: job.stacktrace[0] }),
        attempts: job.attemptsMade,
        stalled: job.stalledCounter,
        addedAt: job.timestamp,
        failedAt: job.finishedOn ?? job.timestamp,
      }));
    },

    // Not `job.retry()`: that ignores the key, would run beside a new job of the same relay, and keeps the old counters.
    async redrive(name, jobId) {
      const { contract, queue, job } = await find(name, jobId);
      const again = toJob(contract, contract.decode(job.data));
      const made = await queue.add(again.name, again.data, again.opts);
      await queue.remove(jobId);
      return made.id === again.opts.jobId;
    },

    async discard(name, jobId) {
      const { queue } = await find(name, jobId);
      await queue.remove(jobId);
    },
  };
}
