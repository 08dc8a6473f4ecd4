import { readCountAnswer, type CountAnswer } from '../nip45/count-answer.js';
import { readEoseHints, type EoseHints } from '../nip67/eose-hints.js';

export type MalformedReason = 'too-large' | 'not-json' | 'not-array' | 'bad-fields';

/** One frame of a relay. `event` is whatever stood there: models' `parseEvent` judges it. */
export type RelayMessage =
  | { readonly type: 'EVENT'; readonly sub: string; readonly event: unknown }
  | { readonly type: 'EOSE'; readonly sub: string; readonly hints: EoseHints }
  | { readonly type: 'CLOSED'; readonly sub: string; readonly text: string }
  | { readonly type: 'NOTICE'; readonly text: string }
  | { readonly type: 'OK'; readonly id: string; readonly accepted: boolean; readonly text: string }
  | { readonly type: 'AUTH'; readonly challenge: string }
  | { readonly type: 'COUNT'; readonly sub: string; readonly answer: CountAnswer }
  | { readonly type: 'NEG-MSG'; readonly sub: string; readonly hex: string }
  | { readonly type: 'NEG-ERR'; readonly sub: string; readonly text: string; readonly cap?: number }
  | { readonly type: 'unknown'; readonly verb: string }
  | { readonly type: 'malformed'; readonly reason: MalformedReason };

/** Room for a 500,000-byte negentropy frame in hex, and for the largest contact lists. */
export const DEFAULT_MAX_FRAME_BYTES = 2 * 1024 * 1024;

/** Longer texts of strangers end here: they go to logs and rows. */
export const MAX_TEXT_CHARS = 500;

const MAX_CHALLENGE_CHARS = 1024;

/** Never throws: a bad frame is a message of type `malformed`, an unheard-of verb one of type `unknown`. */
export function parseRelayMessage(frame: Buffer, maxBytes = DEFAULT_MAX_FRAME_BYTES): RelayMessage {
  if (frame.length > maxBytes) return malformed('too-large');
  let value: unknown;
  try {
    value = JSON.parse(frame.toString());
  } catch {
    return malformed('not-json');
  }
  if (!Array.isArray(value)) return malformed('not-array');
  return readArray(value as readonly unknown[]) ?? malformed('bad-fields');
}

const EVENT_PREFIX = Buffer.from('["EVENT","');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MAX_SUB_BYTES = 64;

/**
 * Subscription id of a compactly written EVENT frame, read without parsing the event: a flood for other
 * subscriptions costs next to nothing. Undefined = parse the frame to know.
 */
export function peekEventSubscription(frame: Buffer): string | undefined {
  const start = EVENT_PREFIX.length;
  if (frame.length <= start || frame.compare(EVENT_PREFIX, 0, start, 0, start) !== 0) return undefined;
  const limit = Math.min(frame.length, start + MAX_SUB_BYTES + 1);
  for (let at = start; at < limit; at += 1) {
    const byte = frame[at];
    if (byte === QUOTE) return frame.toString('latin1', start, at);
    if (byte === BACKSLASH) return undefined;
  }
  return undefined;
}

function readArray(array: readonly unknown[]): RelayMessage | undefined {
  const [verb, first, second, third] = array;
  if (typeof verb !== 'string' || typeof first !== 'string') {
    return typeof verb === 'string' && !VERBS.has(verb) ? unknown(verb) : undefined;
  }
  switch (verb) {
    case 'EVENT':
      return array.length >= 3 ? { type: 'EVENT', sub: first, event: second } : undefined;
    case 'EOSE':
      return { type: 'EOSE', sub: first, hints: readEoseHints(second) };
    case 'CLOSED':
      return { type: 'CLOSED', sub: first, text: text(second) };
    case 'NOTICE':
      return { type: 'NOTICE', text: text(first) };
    case 'OK':
      return typeof second === 'boolean' ? { type: 'OK', id: first, accepted: second, text: text(third) } : undefined;
    case 'AUTH':
      return first.length <= MAX_CHALLENGE_CHARS ? { type: 'AUTH', challenge: first } : undefined;
    case 'COUNT':
      return readCount(first, second);
    case 'NEG-MSG':
      return typeof second === 'string' ? { type: 'NEG-MSG', sub: first, hex: second } : undefined;
    case 'NEG-ERR':
      return readNegErr(first, second, third);
    default:
      return unknown(verb);
  }
}

const VERBS: ReadonlySet<string> = new Set([
  'EVENT',
  'EOSE',
  'CLOSED',
  'NOTICE',
  'OK',
  'AUTH',
  'COUNT',
  'NEG-MSG',
  'NEG-ERR',
]);

function readCount(sub: string, value: unknown): RelayMessage | undefined {
  const answer = readCountAnswer(value);
  return answer && { type: 'COUNT', sub, answer };
}

function readNegErr(sub: string, reason: unknown, cap: unknown): RelayMessage {
  const error = { type: 'NEG-ERR', sub, text: text(reason) } as const;
  return Number.isSafeInteger(cap) && (cap as number) > 0 ? { ...error, cap: cap as number } : error;
}

function unknown(verb: string): RelayMessage {
  return { type: 'unknown', verb: verb.slice(0, MAX_SUB_BYTES) };
}

function malformed(reason: MalformedReason): RelayMessage {
  return { type: 'malformed', reason };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_TEXT_CHARS) : '';
}
