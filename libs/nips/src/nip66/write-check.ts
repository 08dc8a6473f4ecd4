import { setImmediate as breathe } from 'node:timers/promises';
import { computeEventId, discoveryUrl, type NostrEvent } from '@bigbrotr/models';
import type { RelayConnection } from '../nip01/relay-connection.js';
import type { EventTemplate, Sign } from '../nip42/auth.js';

/** How an attempt to write ended. */
export type WriteCheck =
  /** It said OK, and gave the event back when asked for it. */
  | { readonly result: 'confirmed'; readonly ms: number }
  /** It said OK, and does not have the event. */
  | { readonly result: 'accepted'; readonly ms: number; readonly reason: string }
  /** It said no, in these words. */
  | { readonly result: 'refused'; readonly ms: number; readonly reason: string }
  /** It said nothing, or we did not get as far as to ask. */
  | { readonly result: 'failed'; readonly reason: string };

export interface WriteCheckOptions {
  readonly signal: AbortSignal;
  /** Of the answer, and of the read-back. */
  readonly timeoutMs: number;
  /** Unix seconds. */
  readonly at: number;
  /** Leading zero bits that the relay asks for (NIP-13). */
  readonly pow: number;
  /** More than this is not done. */
  readonly maxPow: number;
}

/** Application data (NIP-78): no client shows it, and the next one takes its place. */
const KIND = 30_078;
const LIFETIME_SECONDS = 600;
const MAX_REASON_CHARS = 200;
/** Hashes between two looks at the clock and the world. */
const POW_SLICE = 2_000;

/** Writes an event that expires soon (NIP-40) and reads it back. */
export async function checkWrite(
  options: WriteCheckOptions,
  sign: Sign,
  connection: RelayConnection,
): Promise<WriteCheck> {
  const { signal, timeoutMs, at, pow, maxPow } = options;
  if (pow > maxPow) return { result: 'failed', reason: 'pow-too-hard' };
  const draft: EventTemplate = {
    kind: KIND,
    created_at: at,
    tags: [
      ['d', `nip66-test:${discoveryUrl(connection.url)}`],
      ['expiration', String(at + LIFETIME_SECONDS)],
    ],
    content: 'A monitor was here to see whether it can write. This goes by itself.',
  };
  const event = await signWithWork(draft, pow, sign, signal);
  if (event === undefined) return { result: 'failed', reason: 'aborted' };

  const startedAt = performance.now();
  const answer = await connection.publish(event, { signal, timeoutMs });
  const ms = performance.now() - startedAt;
  if (answer.ok) {
    const stored = await isServed(event, options, connection);
    return stored ? { result: 'confirmed', ms } : { result: 'accepted', ms, reason: 'not-served' };
  }
  if (answer.reason !== 'refused') return { result: 'failed', reason: answer.reason };
  return { result: 'refused', ms, reason: `${answer.class}: ${answer.text}`.slice(0, MAX_REASON_CHARS) };
}

async function isServed(
  { id }: NostrEvent,
  { signal, timeoutMs }: WriteCheckOptions,
  connection: RelayConnection,
): Promise<boolean> {
  const request = connection.request([{ ids: [id] }], { signal, idleMs: timeoutMs, hardMs: timeoutMs, maxEvents: 5 });
  for await (const batch of request) {
    if (batch.some((event) => typeof event === 'object' && event !== null && 'id' in event && event.id === id))
      return true;
  }
  return false;
}

/** Undefined when the signal ended the search. */
async function signWithWork(
  draft: EventTemplate,
  bits: number,
  sign: Sign,
  signal: AbortSignal,
): Promise<NostrEvent | undefined> {
  const plain = await sign(draft);
  if (bits <= 0) return plain;
  for (let nonce = 0; !signal.aborted; nonce++) {
    if (nonce % POW_SLICE === 0) await breathe();
    const tags = [...draft.tags, ['nonce', String(nonce), String(bits)]];
    if (leadingZeroBits(computeEventId({ ...draft, tags, pubkey: plain.pubkey })) >= bits)
      return sign({ ...draft, tags });
  }
  return undefined;
}

/** Of a hash in hex, counted up to 32. */
export function leadingZeroBits(id: string): number {
  return Math.clz32(Number.parseInt(id.slice(0, 8), 16));
}
