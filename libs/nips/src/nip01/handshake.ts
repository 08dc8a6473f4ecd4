import { parseEvent, type Filter, type SocketClose } from '@bigbrotr/models';
import type { ReasonClass } from './reason-text.js';
import type { RelayConnection } from './relay-connection.js';
import type { RequestOutcome } from './subscription.js';

/** Whether what we are connected to speaks Nostr. */
export type NostrProof =
  | {
      readonly ok: true;
      readonly answer: 'event' | 'eose';
      /** From our REQ to the first EVENT or EOSE, milliseconds. */
      readonly readMs: number;
    }
  /** It refuses to serve us, in the protocol's words. */
  | { readonly ok: true; readonly answer: 'closed'; readonly class: ReasonClass; readonly text: string }
  /** It demands AUTH and answers nothing else. */
  | { readonly ok: true; readonly answer: 'auth' }
  | {
      readonly ok: false;
      readonly reason:
        | 'echo' // sends back what we say
        | 'garbage' // talks, but not Nostr, or not about our subscription
        | 'silence';
    }
  /** Refuses by NOTICE only: Nostr-like words that anybody could say. */
  | { readonly ok: false; readonly reason: 'notice'; readonly class: ReasonClass; readonly text: string }
  | { readonly ok: false; readonly reason: 'disconnect'; readonly close: SocketClose }
  | { readonly ok: false; readonly reason: 'aborted' };

export interface ProofOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** What is asked for; default any one event. */
  readonly filter?: Filter;
}

/** Garbage events after which we stop reading on. */
const PATIENCE = 20;

/**
 * A relay is what answers a REQ with EVENT, EOSE or CLOSED for our subscription id, which nobody can guess, or
 * demands AUTH.
 */
export async function proveNostr(options: ProofOptions, connection: RelayConnection): Promise<NostrProof> {
  const { signal, timeoutMs, filter = { limit: 1 } } = options;
  const request = connection.request([filter], {
    signal,
    idleMs: timeoutMs,
    hardMs: timeoutMs,
    noticeGraceMs: timeoutMs,
    maxEvents: PATIENCE,
  });
  for await (const batch of request) {
    if (batch.some((event) => parseEvent(event).ok)) {
      return { ok: true, answer: 'event', readMs: request.firstAnswerMs ?? 0 };
    }
  }
  const outcome = await request.outcome;
  switch (outcome.end) {
    case 'eose':
      return { ok: true, answer: 'eose', readMs: request.firstAnswerMs ?? 0 };
    case 'closed':
      return { ok: true, answer: 'closed', class: outcome.class, text: outcome.text };
    case 'aborted':
      return { ok: false, reason: 'aborted' };
    case 'idle':
    case 'hard':
    case 'too-many':
    case 'notice':
    case 'disconnect':
      return connection.challenge === undefined ? failureOf(outcome, connection) : { ok: true, answer: 'auth' };
  }
}

function failureOf(
  outcome: Exclude<RequestOutcome, { end: 'eose' | 'closed' | 'aborted' }>,
  { counters }: RelayConnection,
): NostrProof {
  if (outcome.end === 'notice') return { ok: false, reason: 'notice', class: outcome.class, text: outcome.text };
  if (outcome.end === 'disconnect') return { ok: false, reason: 'disconnect', close: outcome.close };
  if (counters.echoed > 0) return { ok: false, reason: 'echo' };
  return { ok: false, reason: counters.frames > 0 ? 'garbage' : 'silence' };
}
