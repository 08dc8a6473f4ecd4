import type { Network } from '@bigbrotr/models';

import type { Contract, Versioned } from './contract.js';

/** What became of a job. Stages say it, the queue layer alone turns it into moves. */
export type Outcome =
  /** `result` is a word and becomes a metric label; `again` puts one more run at the tail, under the same key. */
  | { readonly kind: 'done'; readonly result: string; readonly again?: boolean }
  /** Not now, and nobody's fault: costs no attempt. */
  | { readonly kind: 'later'; readonly delayMs: number; readonly reason: string }
  /** Can never succeed: a dead letter. */
  | { readonly kind: 'fatal'; readonly reason: string }
  /** Something that the whole queue needs is down: nobody takes from it for a while, the job waits at its head. */
  | { readonly kind: 'pause-queue'; readonly ms: number; readonly reason: string };

/** Why a handler's signal was aborted (`signal.reason`). */
export type AbortReason = 'cancelled' | 'shutdown' | 'lock-lost' | 'deadline';

export interface JobContext {
  readonly queue: string;
  readonly network?: Network;
  readonly jobId: string;
  /** Counts from 1; a `later` does not count. */
  readonly attempt: number;
  /** Processes that died with this job in their hands. */
  readonly stalls: number;
  /** Somebody is waiting for it. */
  readonly interactive: boolean;
  readonly requestId?: string;
  /** Unix milliseconds at which the signal fires. */
  readonly deadlineAt: number;
  /** Share of the work that is done, 0 to 100, for people who watch. Never throws; losing one is no loss. */
  progress(percent: number): Promise<void>;
}

/** Must return soon after its signal fires, with what is committed until then. */
export type Handler<P> = (payload: P, context: JobContext, signal: AbortSignal) => Promise<Outcome>;

/** A contract with its handler. */
export interface Registration {
  readonly contract: Contract;
  run(data: unknown, context: JobContext, signal: AbortSignal): Promise<Outcome>;
}

export function handle<P extends Versioned>(contract: Contract<P>, handler: Handler<P>): Registration {
  return { contract, run: (data, context, signal) => handler(contract.decode(data), context, signal) };
}
