import type { DialFailure, DialFailureReason, TlsFacts } from '@bigbrotr/models';
import type { Deadline } from '../async/deadline.js';
import { classifyFailure } from './classify-failure.js';

/** How the steps of one opening tell each other that it failed. Never leaves the dialer: its doors make a result of it. */
export class WireFailure extends Error {
  readonly failure: DialFailure;
  readonly tls: TlsFacts | undefined;

  constructor(failure: DialFailure, tls?: TlsFacts) {
    super(failure.code ?? failure.reason);
    this.failure = failure;
    this.tls = tls;
  }
}

/** What the dialer was doing; the code of a `timeout`. */
export type Phase = 'lookup' | 'connect' | 'tls' | 'upgrade' | 'request';

/**
 * The finding for whatever ended a step: the deadline's, when it is what ended the step. Without a `fallback` an error
 * that says nothing is a bug of ours and is thrown on.
 */
export function wireFailure(
  error: unknown,
  deadline: Deadline,
  phase: Phase,
  fallback?: DialFailureReason,
): WireFailure {
  if (deadline.signal.aborted) {
    return new WireFailure(deadline.expired ? { reason: 'timeout', code: phase } : { reason: 'aborted' });
  }
  if (error instanceof WireFailure) return error;
  const failure = classifyFailure(error, fallback);
  if (!failure) throw error;
  return new WireFailure(failure);
}
