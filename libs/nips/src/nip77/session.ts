import type { Filter, SocketClose } from '@bigbrotr/models';
import type { NoAnswer } from '../nip01/exchange.js';
import type { ReasonClass } from '../nip01/reason-text.js';
import type { RelayConnection } from '../nip01/relay-connection.js';
import type { NegentropyItemSet } from './item-set.js';
import type { MalformedMessage } from './message-codec.js';
import { openNegentropy, reconcile } from './negentropy.js';

/** A difference as far as it is known, in pieces of at most `batchSize`. Each id comes once. */
export interface NegentropyBatch {
  /** Hex ids that the relay has and the local set has not. */
  readonly need: readonly string[];
  /** Hex ids of the local set that the relay has not. */
  readonly have: readonly string[];
}

export interface NegentropyTotals {
  readonly rounds: number;
  readonly need: number;
  readonly have: number;
}

export type NegentropyEnd =
  /**
   * The relay compared the set that it chose to compare: some build it from their newest events only and say
   * nothing, so this proves nothing below the oldest id that came up.
   */
  | { readonly end: 'complete' }
  /** `cap`: the largest set it reconciles, when it told. */
  | { readonly end: 'refused'; readonly class: ReasonClass; readonly text: string; readonly cap?: number }
  | { readonly end: 'garbage'; readonly reason: MalformedMessage }
  | { readonly end: 'timeout' }
  /** The relay named more than `maxNeed` ids. */
  | { readonly end: 'too-many' }
  | { readonly end: 'disconnect'; readonly close: SocketClose }
  | { readonly end: 'aborted' };

export type NegentropyOutcome = NegentropyEnd & NegentropyTotals;

export interface NegentropySessionOptions {
  readonly signal: AbortSignal;
  /** For each answer of the relay. */
  readonly turnMs: number;
  /** For the whole session, the time in `onBatch` included. */
  readonly hardMs: number;
  readonly filter: Filter;
  readonly items: NegentropyItemSet;
  readonly maxNeed: number;
  /** In bytes, before they become hex; keeps messages below the relay's limit. */
  readonly frameSizeLimit?: number;
  readonly batchSize?: number;
  /** Awaited before the next round, so that a slow consumer slows the relay down. */
  readonly onBatch: (batch: NegentropyBatch) => void | Promise<void>;
}

/** strfry reads 131,072 bytes per message; hex doubles ours and the filter needs room. */
const DEFAULT_FRAME_SIZE_LIMIT = 60_000;
const DEFAULT_BATCH_SIZE = 500;

/** Reconciles the local set with what the relay has for the filter. The batches that came before any end are true. */
export async function runNegentropySession(
  options: NegentropySessionOptions,
  connection: RelayConnection,
): Promise<NegentropyOutcome> {
  const over = AbortSignal.any([options.signal, AbortSignal.timeout(options.hardMs)]);
  const exchange = connection.negotiate(options.filter, { signal: over, turnMs: options.turnMs });
  const difference = new Difference(options);
  let rounds = 0;
  const ended = (end: NegentropyEnd): NegentropyOutcome => ({ ...end, ...difference.totals, rounds });
  try {
    let next: Uint8Array | undefined = openNegentropy(options.items);
    while (next !== undefined) {
      const turn = await exchange.turn(Buffer.from(next).toString('hex'));
      if (!turn.ok) return ended(endOf(turn, options.signal));
      rounds += 1;
      const message = decodeHex(turn.hex);
      if (message === undefined) return ended({ end: 'garbage', reason: 'not-hex' });
      const { frameSizeLimit = DEFAULT_FRAME_SIZE_LIMIT } = options;
      const result = reconcile({ role: 'initiator', frameSizeLimit }, options.items, message);
      if (!result.ok) return ended({ end: 'garbage', reason: result.reason });
      for (const batch of difference.add(result)) {
        if (over.aborted) break;
        await options.onBatch(batch);
      }
      if (difference.totals.need > options.maxNeed) return ended({ end: 'too-many' });
      next = result.next;
    }
    return ended({ end: 'complete' });
  } finally {
    exchange.close();
  }
}

/** Collects what the rounds find out, each id once: a frame limit makes peers repeat themselves. */
class Difference {
  readonly #items: NegentropyItemSet;
  readonly #batchSize: number;
  readonly #needed = new Set<string>();
  readonly #missing: Uint8Array;
  #have = 0;

  constructor({ items, batchSize = DEFAULT_BATCH_SIZE }: Pick<NegentropySessionOptions, 'items' | 'batchSize'>) {
    this.#items = items;
    this.#batchSize = batchSize;
    this.#missing = new Uint8Array(items.size);
  }

  get totals(): { readonly need: number; readonly have: number } {
    return { need: this.#needed.size, have: this.#have };
  }

  add(found: { readonly need: readonly string[]; readonly have: readonly number[] }): NegentropyBatch[] {
    const need = found.need.filter((id) => {
      const before = this.#needed.size;
      return this.#needed.add(id).size > before;
    });
    const have = found.have.filter((index) => this.#missing[index] === 0);
    for (const index of have) this.#missing[index] = 1;
    this.#have += have.length;
    const batches: NegentropyBatch[] = [];
    for (let at = 0; at < Math.max(need.length, have.length); at += this.#batchSize) {
      batches.push({
        need: need.slice(at, at + this.#batchSize),
        have: have.slice(at, at + this.#batchSize).map((index) => this.#items.hex(index)),
      });
    }
    return batches;
  }
}

function endOf(turn: NoAnswer, signal: AbortSignal): NegentropyEnd {
  switch (turn.reason) {
    case 'refused': {
      return {
        end: 'refused',
        class: turn.class,
        text: turn.text,
        ...(turn.cap === undefined ? {} : { cap: turn.cap }),
      };
    }
    case 'disconnect':
      return { end: 'disconnect', close: turn.close };
    case 'timeout':
      return { end: 'timeout' };
    case 'aborted':
      // Either the caller's signal or our own deadline.
      return { end: signal.aborted ? 'aborted' : 'timeout' };
  }
}

function decodeHex(hex: string): Uint8Array | undefined {
  const bytes = Buffer.from(hex, 'hex');
  return bytes.length * 2 === hex.length ? bytes : undefined;
}
