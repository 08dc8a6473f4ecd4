import { randomUUID } from 'node:crypto';

import type { Network } from '@bigbrotr/models';
import type { JobType, JobsOptions } from 'bullmq';

import { requestCancel } from './cancel-flags.js';
import { queueName, type Contract, type PayloadInput, type Versioned } from './contract.js';
import { contractOf } from './contracts/registry.js';
import type { JobQueue, QueueBackend } from './backend.js';
import { PRIORITIES, jobOptions, type Priority } from './job-options.js';
import { QueueError } from './queue-error.js';

export interface EnqueueOptions {
  /** Required for contracts that have a queue per network. */
  readonly network?: Network;
  /** Default `scheduled`. */
  readonly priority?: Priority;
  readonly delayMs?: number;
}

export interface RequestedJob {
  readonly queue: string;
  readonly jobId: string;
  /** The request joined work that was waiting or running already. */
  readonly deduplicated: boolean;
}

export interface QueueCounts {
  readonly waiting: number;
  readonly delayed: number;
  readonly active: number;
  /** Dead letters. */
  readonly failed: number;
  /** What a high-water mark is about: waiting + delayed. */
  readonly depth: number;
}

export type CancelResult =
  /** It had not started. */
  | 'removed'
  /** It runs; its handler's signal fires within about a second, in whichever process it is. */
  | 'signalled'
  /** No such job, or over. */
  | 'gone';

export type JobState = 'waiting' | 'delayed' | 'active' | 'completed' | 'failed' | 'unknown';

/** The producer's side of every queue. All of it fails fast, with a {@link QueueError}, while the backend is away. */
export interface Bus {
  /** Adds what is not waiting or running yet; returns how many that were. Idempotent, so an error may be answered by a repetition. */
  enqueue<P extends Versioned>(
    contract: Contract<P>,
    payloads: readonly PayloadInput<P>[],
    options?: EnqueueOptions,
  ): Promise<number>;
  /** Somebody waits for this one: adds it in front, or joins the same work and moves that to the front. */
  request<P extends Versioned>(
    contract: Contract<P>,
    payload: PayloadInput<P>,
    options?: Pick<EnqueueOptions, 'network'>,
  ): Promise<RequestedJob>;
  /** Gives work that waits another priority; false when none waits. A delay (politeness, back-off) is kept. */
  promote<P extends Versioned>(
    contract: Contract<P>,
    payload: PayloadInput<P>,
    options?: Omit<EnqueueOptions, 'delayMs'>,
  ): Promise<boolean>;
  counts(queues: readonly string[]): Promise<ReadonlyMap<string, QueueCounts>>;
  /** For the whole fleet, until resumed; survives restarts. */
  pause(queue: string): Promise<void>;
  resume(queue: string): Promise<void>;
  isPaused(queue: string): Promise<boolean>;
  /** Jobs of this queue that run at once, in all processes together; undefined takes the limit away. */
  limitFleet(queue: string, max: number | undefined): Promise<void>;
  /** False when it runs, or is not there. */
  remove(queue: string, jobId: string): Promise<boolean>;
  cancel(queue: string, jobId: string): Promise<CancelResult>;
  stateOf(queue: string, jobId: string): Promise<JobState>;
}

/** A larger pipeline gains nothing and holds Redis up for everyone. */
const CHUNK = 500;

export function createBus(backend: QueueBackend): Bus {
  const known = (queue: string): JobQueue => (contractOf(queue), backend.queue(queue));

  return {
    async enqueue(contract, payloads, options = {}) {
      const queue = backend.queue(queueName(contract, options.network));
      // All are encoded before any is added: one that is wrong adds nothing.
      const jobs = payloads.map((payload) => toJob(contract, contract.encode(payload), options));
      let added = 0;
      for (let from = 0; from < jobs.length; from += CHUNK) {
        const chunk = jobs.slice(from, from + CHUNK);
        const made = await reachable(queue, queue.addBulk(chunk));
        // A deduplicated add answers with the id of the job that was there.
        added += made.filter((job, at) => job.id === chunk[at]?.opts.jobId).length;
      }
      return added;
    },

    async request(contract, payload, options = {}) {
      const queue = backend.queue(queueName(contract, options.network));
      const { name, data, opts } = toJob(contract, contract.encode(payload), { priority: 'interactive' });
      const job = await reachable(queue, queue.add(name, data, opts));
      const deduplicated = job.id !== opts.jobId;
      if (deduplicated) await reachable(queue, setPriority(queue, job.id, 'interactive'));
      return { queue: queue.name, jobId: job.id ?? '', deduplicated };
    },

    async promote(contract, payload, { network, priority = 'interactive' } = {}) {
      const queue = backend.queue(queueName(contract, network));
      const jobId = await reachable(queue, queue.getDeduplicationJobId(contract.dedup(contract.encode(payload))));
      return jobId !== null && (await reachable(queue, setPriority(queue, jobId, priority)));
    },

    async counts(queues) {
      return new Map(await Promise.all(queues.map(async (name) => [name, await countsOf(known(name))] as const)));
    },

    pause: (name) => reachable(known(name), known(name).pause()),
    resume: (name) => reachable(known(name), known(name).resume()),
    isPaused: (name) => reachable(known(name), known(name).isPaused()),

    async limitFleet(name, max) {
      const queue = known(name);
      await reachable(queue, max === undefined ? queue.removeGlobalConcurrency() : queue.setGlobalConcurrency(max));
    },

    remove: async (name, jobId) => (await reachable(known(name), known(name).remove(jobId))) === 1,

    async cancel(name, jobId) {
      const queue = known(name);
      const state = await reachable(queue, queue.getJobState(jobId));
      if (state === 'completed' || state === 'failed' || state === 'unknown') return 'gone';
      if (state !== 'active' && (await reachable(queue, queue.remove(jobId))) === 1) return 'removed';
      // It runs, or a worker took it a moment ago.
      await reachable(queue, requestCancel(backend, name, jobId));
      return 'signalled';
    },

    async stateOf(name, jobId) {
      const state = await reachable(known(name), known(name).getJobState(jobId));
      if (state === 'prioritized' || state === 'waiting-children') return 'waiting';
      return state;
    },
  };
}

interface NewJob {
  readonly name: string;
  readonly data: unknown;
  readonly opts: JobsOptions & { readonly jobId: string };
}

/** How a job of a contract looks to BullMQ: a random id of its own, deduplicated by the contract's key. */
export function toJob<P extends Versioned>(
  contract: Contract<P>,
  payload: P,
  { priority = 'scheduled', delayMs }: Omit<EnqueueOptions, 'network'> = {},
  keepLastIfActive = contract.keepLastIfActive,
): NewJob {
  return {
    name: contract.queue,
    data: payload,
    opts: {
      ...jobOptions(contract, priority),
      // Ids of BullMQ's own making start again after a flush, and would not tell an add from a join.
      jobId: randomUUID(),
      deduplication: { id: contract.dedup(payload), ...(keepLastIfActive && { keepLastIfActive }) },
      ...(delayMs !== undefined && delayMs > 0 && { delay: Math.trunc(delayMs) }),
    },
  };
}

const WAITING = new Set(['waiting', 'prioritized', 'delayed']);

async function setPriority(queue: JobQueue, jobId: string | undefined, priority: Priority): Promise<boolean> {
  const job = jobId === undefined ? undefined : await queue.getJob(jobId);
  if (!job || !WAITING.has(await job.getState())) return false;
  try {
    await job.changePriority({ priority: PRIORITIES[priority] });
    return true;
  } catch (error) {
    // Over since we looked.
    if (error instanceof Error && error.message.startsWith('Missing key')) return false;
    throw error;
  }
}

async function countsOf(queue: JobQueue): Promise<QueueCounts> {
  // `paused` is what waits in a paused queue, which the PostgreSQL backend does not count as waiting. The type has lost it.
  const states = ['waiting', 'paused' as JobType, 'prioritized', 'delayed', 'active', 'failed'] as const;
  const counts = await reachable(queue, queue.getJobCounts(...states));
  const of = (state: string): number => counts[state] ?? 0;
  const waiting = of('waiting') + of('paused') + of('prioritized');
  return {
    waiting,
    delayed: of('delayed'),
    active: of('active'),
    failed: of('failed'),
    depth: waiting + of('delayed'),
  };
}

async function reachable<T>(queue: JobQueue, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof QueueError) throw error;
    throw new QueueError(
      'queue-unreachable',
      'The queue backend did not take the command.',
      { queue: queue.name },
      { cause: error },
    );
  }
}
