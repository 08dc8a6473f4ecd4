import type { AppError, Network } from '@bigbrotr/models';
import type { Job } from 'bullmq';
import type { Logger } from '../logging/logger.js';

import type { JobResult, JobWorker, QueueBackend } from './backend.js';
import { takeCancels } from './cancel-flags.js';
import { queueName, type Contract } from './contract.js';
import { within } from './deadline.js';
import { MAX_STALLS, type WorkerTimes } from './job-options.js';
import type { JobMetrics } from './job-metrics.js';
import type { Registration } from './outcome.js';
import { createProcessor, requestIdOf } from './processor.js';
import { createQuietLog } from './quiet-log.js';
import { QueueError } from './queue-error.js';
import type { RunningJob } from './running-job.js';
import { createSoloGate } from './solo-gate.js';

export interface QueueAssignment {
  readonly contract: Contract;
  readonly network?: Network;
  /** Jobs of this queue at once in this process. */
  readonly concurrency: number;
}

export interface WorkerHostConfig {
  readonly queues: readonly QueueAssignment[];
  /** Shown beside the jobs that this process ran. */
  readonly name?: string;
  /** For tests of lost locks; the defaults are the product's. */
  readonly times?: Partial<WorkerTimes>;
}

export interface JobRef {
  readonly queue: string;
  readonly jobId: string;
  readonly name: string;
  readonly data: unknown;
  readonly requestId?: string;
  readonly attempts: number;
  readonly stalled: number;
}

/** Told after the fact, in the process that ran the job, and not when that process died: a fast path, never the record. */
export interface JobListener {
  onStarted?(job: JobRef): void;
  /** `again`: one more run is in the queue. */
  onFinished?(job: JobRef & { readonly result: string; readonly again: boolean }): void;
  /** A new dead letter. */
  onFailed?(job: JobRef & { readonly reason: string }): void;
  /** Some process died with this job. */
  onStalled?(job: { readonly queue: string; readonly jobId: string }): void;
}

export interface WorkerHostModules extends JobListener {
  readonly backend: QueueBackend;
  /** Exactly one for each contract in `queues`; others may be there. */
  readonly handlers: readonly Registration[];
  readonly metrics: JobMetrics;
  readonly log: Logger;
  /** A handler met a fault that this process cannot work with. */
  readonly onShutDown: (error: AppError) => void;
}

export interface QueueActivity {
  readonly queue: string;
  readonly active: number;
  readonly concurrency: number;
  readonly running: boolean;
  /** Unix milliseconds: a job began or ended, or the queue was found empty. */
  readonly lastActivityAt: number;
}

export interface WorkerHost extends AsyncDisposable {
  readonly activity: readonly QueueActivity[];
  /** Takes effect with the next job that is taken. */
  setConcurrency(queue: string, concurrency: number): void;
  /**
   * Takes no more jobs, aborts the running ones with reason `shutdown`, and waits for them; those that do not return in
   * time go back to the queue for other processes.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

interface Lane {
  readonly queue: string;
  readonly worker: JobWorker;
  readonly runs: Map<string, RunningJob>;
  lastActivityAt: number;
}

const CANCEL_POLL_MS = 1_000;
const READY_MS = 15_000;
/** What a worker may take to put abandoned jobs back and to close its connections. */
const CLOSE_MS = 2_000;

/** Runs the handlers of the queues that it is told to. Throws a {@link QueueError} when one has none, or two. */
export async function openWorkerHost(config: WorkerHostConfig, modules: WorkerHostModules): Promise<WorkerHost> {
  const { backend, log } = modules;
  const registrations = config.queues.map((assignment) => registrationOf(assignment.contract, modules.handlers));
  backend.assertRoomFor(config.queues.length);

  const onError = createQuietLog(log);
  let closing: Promise<void> | undefined;
  const gate = createSoloGate(
    () => {
      for (const { queue, worker } of lanes) worker.pause(true).catch((error: unknown) => onError(error, queue));
    },
    () => {
      if (closing) return;
      for (const { queue, worker } of lanes) worker.resume().catch((error: unknown) => onError(error, queue));
    },
  );
  const lanes: Lane[] = config.queues.map((assignment, at) => openLane(assignment, registrations[at] as Registration));
  const poll = setInterval(pollCancels, CANCEL_POLL_MS);
  let polling = false;

  function openLane({ contract, network, concurrency }: QueueAssignment, registration: Registration): Lane {
    const queue = queueName(contract, network);
    const runs = new Map<string, RunningJob>();
    const processor = createProcessor(
      { queue, ...(network !== undefined && { network }) },
      { ...modules, registration, producer: backend.queue(queue), gate, runs, isClosing: () => closing !== undefined },
    );
    const worker = backend.worker(queue, processor, {
      concurrency,
      ...(config.name !== undefined && { name: config.name }),
      ...config.times,
    });
    const lane: Lane = { queue, worker, runs, lastActivityAt: Date.now() };
    observe(lane, modules);
    return lane;
  }

  function pollCancels(): void {
    if (polling || lanes.every(({ runs }) => runs.size === 0)) return;
    polling = true;
    takeCancels(backend, (queue, jobId) =>
      lanes.some((lane) => lane.queue === queue && lane.worker.cancelJob(jobId, 'cancelled')),
    )
      .catch((error: unknown) => onError(error, 'cancel'))
      .finally(() => {
        polling = false;
      });
  }

  async function closeAll(graceMs: number): Promise<void> {
    clearInterval(poll);
    const closed = Promise.all(lanes.map(({ worker }) => worker.close())).then(() => true);
    for (const { worker } of lanes) worker.cancelAllJobs('shutdown');
    if (await within(graceMs, closed)) return;
    // A second `worker.close(true)` would only wait for the first. Ending the runs lets the first one finish.
    for (const { queue, runs } of lanes) {
      if (runs.size > 0) log.error({ queue, jobs: [...runs.keys()].slice(0, 20) }, 'jobs given back unfinished');
      for (const run of runs.values()) run.abandon();
    }
    if (await within(CLOSE_MS, closed)) return;
    log.error({ backend: backend.kind }, 'queue backend does not answer, leaving without it');
    await within(
      CLOSE_MS,
      Promise.all(lanes.map(({ worker }) => worker.disconnect())).catch((error: unknown) => onError(error, 'close')),
    );
  }

  async function close({ graceMs = 8_000 }: { readonly graceMs?: number } = {}): Promise<void> {
    closing ??= closeAll(graceMs);
    await closing;
  }

  const ready = Promise.all(lanes.map(({ worker }) => worker.waitUntilReady())).then(() => true);
  const isReady = await within(READY_MS, ready).catch(async (error: unknown) => {
    await close({ graceMs: 0 });
    throw error;
  });
  if (!isReady) {
    await close({ graceMs: 0 });
    throw new QueueError('queue-unreachable', `The workers could not connect within ${READY_MS} ms.`);
  }
  for (const { queue, worker } of lanes) worker.run().catch((error: unknown) => onError(error, queue));

  return {
    get activity() {
      return lanes.map(({ queue, worker, runs, lastActivityAt }) => ({
        queue,
        active: runs.size,
        concurrency: worker.concurrency,
        running: worker.isRunning() && closing === undefined,
        lastActivityAt,
      }));
    },
    setConcurrency(queue, concurrency) {
      const lane = lanes.find((it) => it.queue === queue);
      if (!lane) throw new QueueError('queue-unknown', `This process does not work for ${queue}.`, { queue });
      lane.worker.concurrency = Math.max(1, Math.trunc(concurrency));
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function observe(lane: Lane, modules: WorkerHostModules): void {
  const { queue, worker } = lane;
  const { metrics, log } = modules;
  const active = (): void => {
    lane.lastActivityAt = Date.now();
  };
  // BullMQ would report a listener's throw as a fault of the backend.
  const tell = (act: () => void): void => {
    try {
      act();
    } catch (error) {
      log.error({ queue, err: error }, 'bug in a job listener');
    }
  };
  worker.on('active', (job) => {
    active();
    tell(() => modules.onStarted?.(refOf(queue, job)));
  });
  worker.on('completed', (job, result) => {
    active();
    tell(() => modules.onFinished?.({ ...refOf(queue, job), result: result.result, again: result.again === true }));
  });
  worker.on('failed', (job, error) => {
    active();
    // Without the mark it is to be tried again.
    if (job?.finishedOn === undefined) return;
    metrics.outcome(queue, 'failed');
    log.error(
      { queue, jobId: job.id, reason: error.message, attempts: job.attemptsMade, stalled: job.stalledCounter },
      'dead letter',
    );
    tell(() => modules.onFailed?.({ ...refOf(queue, job), reason: error.message }));
  });
  worker.on('drained', active);
  worker.on('stalled', (jobId) => {
    metrics.outcome(queue, 'stalled');
    log.warn({ queue, jobId, allowed: MAX_STALLS }, 'a process died with a job');
    tell(() => modules.onStalled?.({ queue, jobId }));
  });
  worker.on('lockRenewalFailed', (jobIds) => {
    // Somebody else has it by now. What this run commits, the epoch fence refuses.
    for (const jobId of jobIds) worker.cancelJob(jobId, 'lock-lost');
  });
}

function registrationOf(contract: Contract, handlers: readonly Registration[]): Registration {
  const [handler, second] = handlers.filter((it) => it.contract.queue === contract.queue);
  if (!handler)
    throw new QueueError('handler-missing', `Nothing handles ${contract.queue} jobs.`, { queue: contract.queue });
  if (second)
    throw new QueueError('handler-duplicate', `Two handlers claim ${contract.queue} jobs.`, { queue: contract.queue });
  return handler;
}

function refOf(queue: string, job: Job<unknown, JobResult, string, number>): JobRef {
  const requestId = requestIdOf(job.data);
  return {
    queue,
    jobId: job.id ?? '',
    name: job.name,
    data: job.data,
    ...(requestId !== undefined && { requestId }),
    attempts: job.attemptsMade,
    stalled: job.stalledCounter,
  };
}
