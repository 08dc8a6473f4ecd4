import { AppError } from '@bigbrotr/models';

import type { AbortReason, Outcome } from './outcome.js';
import { QueueError } from './queue-error.js';

/** What to do with a job, and how to count it. */
export type Move = {
  /** Metric label. */
  readonly word: string;
  /** Level of the log line about it: `error` is ours to mend. */
  readonly say?: 'warn' | 'error';
} & (
  | { readonly kind: 'complete'; readonly again: boolean }
  /** Back to the queue, without spending an attempt. */
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'fail'; readonly error: Error; readonly final: boolean }
  | { readonly kind: 'pause-queue'; readonly ms: number }
);

/** How long a queue rests when an error asks for it without saying how long. */
const PAUSE_MS = 10_000;

/** `random` in [0, 1): jobs that are put off together must not come back together. */
export function moveForOutcome(outcome: Outcome, aborted: AbortReason | undefined, random: number): Move {
  const cancelled = aborted === 'cancelled';
  switch (outcome.kind) {
    case 'done':
      return { kind: 'complete', again: outcome.again === true && !cancelled, word: outcome.result };
    case 'later':
      if (cancelled) return CANCELLED;
      return { kind: 'delay', ms: jittered(outcome.delayMs, random), word: 'later' };
    case 'fatal':
      return { kind: 'fail', error: new Error(outcome.reason), final: true, word: 'fatal' };
    case 'pause-queue':
      if (cancelled) return CANCELLED;
      return { kind: 'pause-queue', ms: outcome.ms, word: 'pause-queue', say: 'warn' };
  }
}

/** An abort explains the error that follows it; any other error explains itself, or is a bug. */
export function moveForError(thrown: unknown, aborted: AbortReason | undefined): Move {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const hangs = error instanceof QueueError && error.code === 'job-abandoned';
  const say = hangs ? ({ say: 'error' } as const) : undefined;
  switch (aborted) {
    case 'cancelled':
      return { ...CANCELLED, ...say };
    case 'shutdown':
      return { kind: 'delay', ms: 0, word: 'shutdown', ...say };
    case 'deadline':
      return {
        kind: 'fail',
        error,
        final: false,
        word: 'deadline',
        say: 'warn',
        ...say,
      };
    case 'lock-lost':
      // Another worker has it by now, and the backend refuses whatever we do.
      return {
        kind: 'fail',
        error,
        final: false,
        word: 'lock-lost',
        say: 'warn',
        ...say,
      };
    case undefined:
      return moveForFault(error);
  }
}

function moveForFault(error: Error): Move {
  if (!(error instanceof AppError)) return { kind: 'fail', error, final: false, word: 'error', say: 'error' };
  switch (error.recovery) {
    case 'retry':
      return {
        kind: 'fail',
        error,
        final: false,
        word: 'retry',
        say: 'warn',
      };
    case 'give-up':
      return { kind: 'fail', error, final: true, word: 'fatal' };
    case 'pause-queue':
      return { kind: 'pause-queue', ms: PAUSE_MS, word: 'pause-queue', say: 'warn' };
    case 'shut-down':
      return { kind: 'delay', ms: 1_000, word: 'shutdown', say: 'error' };
  }
}

const CANCELLED: Move = { kind: 'complete', again: false, word: 'cancelled' };

function jittered(delayMs: number, random: number): number {
  return Math.ceil(delayMs + random * Math.min(2_000, Math.max(50, delayMs / 5)));
}
