import type { AbortReason } from './outcome.js';
import { QueueError } from './queue-error.js';

/** One run of a handler: its signal, its deadline, and the way out when it does not listen. */
export interface RunningJob {
  readonly signal: AbortSignal;
  readonly deadlineAt: number;
  /** Why the signal fired, if it did. The first reason stays. */
  readonly reason: AbortReason | undefined;
  abort(reason: AbortReason): void;
  /** Rejects when the handler has not returned this long after its signal; nobody waits for it any longer. */
  readonly abandoned: Promise<never>;
  abandon(): void;
  /** The handler has returned. */
  end(): void;
}

/** From the signal to the point where a handler counts as hung: an open statement or a close handshake may finish. */
const GRACE_MS = 10_000;

export function startRun(budgetMs: number, graceMs = GRACE_MS): RunningJob {
  const controller = new AbortController();
  let reason: AbortReason | undefined;
  let abandon: () => void = () => undefined;
  let graceTimer: NodeJS.Timeout | undefined;
  const abandoned = new Promise<never>((_resolve, reject) => {
    abandon = () =>
      reject(new QueueError('job-abandoned', `handler did not return after its signal (${reason ?? 'none'})`));
  });
  abandoned.catch(() => undefined);

  function abort(why: AbortReason): void {
    if (reason !== undefined) return;
    reason = why;
    controller.abort(why);
    graceTimer = setTimeout(abandon, graceMs);
  }
  const budgetTimer = setTimeout(abort, budgetMs, 'deadline');

  return {
    signal: controller.signal,
    deadlineAt: Date.now() + budgetMs,
    get reason() {
      return reason;
    },
    abort,
    abandoned,
    abandon,
    end() {
      clearTimeout(budgetTimer);
      clearTimeout(graceTimer);
    },
  };
}
