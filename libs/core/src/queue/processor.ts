import { AppError, type Network } from '@bigbrotr/models';
import { DelayedError, RateLimitError, UnrecoverableError, type Job } from 'bullmq';
import type { Logger } from '../logging/logger.js';

import type { JobProcessor, JobQueue, JobResult } from './backend.js';
import { toJob } from './bus.js';
import { PRIORITIES, SUSPECT_STALLS } from './job-options.js';
import type { JobMetrics } from './job-metrics.js';
import { moveForError, moveForOutcome, type Move } from './move.js';
import type { AbortReason, JobContext, Registration } from './outcome.js';
import { startRun, type RunningJob } from './running-job.js';
import type { SoloGate } from './solo-gate.js';

export interface ProcessorConfig {
  readonly queue: string;
  readonly network?: Network;
}

export interface ProcessorModules {
  readonly registration: Registration;
  /** The producer's side of the same queue. */
  readonly producer: JobQueue;
  readonly metrics: JobMetrics;
  readonly log: Logger;
  readonly gate: SoloGate;
  /** The runs of this queue in this process, by job id. */
  readonly runs: Map<string, RunningJob>;
  /** True from the moment that this process takes no more jobs. */
  readonly isClosing: () => boolean;
  readonly onShutDown: (error: AppError) => void;
}

type BullJob = Job<unknown, JobResult, string, number>;

/** A suspect that finds no quiet moment by then tries again later. */
const SOLO_WAIT_MS = 45_000;
const CROWDED: Move = { kind: 'delay', ms: 30_000, word: 'later' };
const CLOSING: Move = { kind: 'delay', ms: 0, word: 'shutdown' };

/** The one place where outcomes and errors become BullMQ's moves, and where they are counted. */
export function createProcessor({ queue, network }: ProcessorConfig, modules: ProcessorModules): JobProcessor {
  const { registration, producer, metrics, log, gate, runs, isClosing, onShutDown } = modules;
  const { contract } = registration;

  // Three named parameters: BullMQ looks at the function's length, and gives no signal to one that declares fewer.
  async function processJob(
    job: BullJob,
    token: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<JobResult> {
    if (signal === undefined) throw new TypeError('BullMQ gave no signal');
    return perform(await judge(job, signal), job, token);
  }

  async function judge(job: BullJob, signal: AbortSignal): Promise<Move> {
    // Asked again behind the gate, where a job may have waited.
    const enter = (): Promise<Move> => (isClosing() ? Promise.resolve(CLOSING) : run(job, signal));
    if (isClosing()) return CLOSING;
    if (job.stalledCounter < SUSPECT_STALLS) return gate.beside(enter);
    const solo = await gate.alone(enter, SOLO_WAIT_MS);
    return solo?.value ?? CROWDED;
  }

  async function run(job: BullJob, signal: AbortSignal): Promise<Move> {
    const current = startRun(contract.budgetMs);
    const forward = (): void => current.abort(asReason(signal.reason));
    signal.addEventListener('abort', forward, { once: true });
    if (signal.aborted) forward();
    const id = job.id ?? '';
    const startedAt = performance.now();
    runs.set(id, current);
    if (job.attemptsStarted === 1) metrics.waited(queue, (Date.now() - job.timestamp - (job.opts.delay ?? 0)) / 1_000);
    try {
      const handled = registration.run(job.data, contextOf(job, current), current.signal);
      const outcome = await Promise.race([handled, current.abandoned]);
      const move = moveForOutcome(outcome, current.reason, Math.random());
      if (move.say) log[move.say]({ queue, jobId: id, outcome }, 'job not done');
      return move;
    } catch (error) {
      const move = moveForError(error, current.reason);
      if (move.say) log[move.say]({ queue, jobId: id, word: move.word, err: error }, 'job not done');
      if (current.reason === undefined && isFatalHere(error)) onShutDown(error);
      return move;
    } finally {
      current.end();
      runs.delete(id);
      signal.removeEventListener('abort', forward);
      metrics.ran(queue, (performance.now() - startedAt) / 1_000);
    }
  }

  function contextOf(job: BullJob, current: RunningJob): JobContext {
    const requestId = requestIdOf(job.data);
    return {
      queue,
      ...(network !== undefined && { network }),
      jobId: job.id ?? '',
      attempt: job.attemptsMade + 1,
      stalls: job.stalledCounter,
      interactive: job.priority === PRIORITIES.interactive,
      ...(requestId !== undefined && { requestId }),
      deadlineAt: current.deadlineAt,
      progress: (percent) => job.updateProgress(percent).catch(() => undefined),
    };
  }

  async function perform(move: Move, job: BullJob, token: string | undefined): Promise<JobResult> {
    switch (move.kind) {
      case 'complete':
        if (move.again) await runAgain(job);
        metrics.outcome(queue, move.word);
        return { result: move.word, ...(move.again && { again: true }) };
      case 'delay':
        await job.moveToDelayed(Date.now() + move.ms, token);
        metrics.outcome(queue, move.word);
        throw new DelayedError();
      case 'pause-queue':
        await producer.rateLimit(Math.max(1, Math.ceil(move.ms)));
        metrics.outcome(queue, move.word);
        throw new RateLimitError();
      case 'fail':
        metrics.outcome(queue, move.word);
        throw move.final ? unrecoverable(move.error) : move.error;
    }
  }

  /** Under the key of this run: the backend keeps it aside, and puts it at the tail in the step that completes this one. */
  async function runAgain(job: BullJob): Promise<void> {
    const { name, data, opts } = toJob(contract, contract.decode(job.data), { priority: 'scheduled' }, true);
    await producer.add(name, data, opts);
  }

  return processJob;
}

/** The request that a payload belongs to, also of a payload that no contract accepts. */
export function requestIdOf(data: unknown): string | undefined {
  if (typeof data !== 'object' || data === null || !('requestId' in data)) return undefined;
  return typeof data.requestId === 'string' ? data.requestId : undefined;
}

const REASONS: readonly AbortReason[] = ['cancelled', 'shutdown', 'lock-lost', 'deadline'];

function asReason(reason: unknown): AbortReason {
  return REASONS.find((known) => known === reason) ?? 'cancelled';
}

function isFatalHere(error: unknown): error is AppError {
  return error instanceof AppError && error.recovery === 'shut-down';
}

function unrecoverable(error: Error): UnrecoverableError {
  const final = new UnrecoverableError(error.message);
  if (error.stack !== undefined) final.stack = error.stack;
  return final;
}
