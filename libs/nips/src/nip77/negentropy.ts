import type { NegentropyItemSet } from './item-set.js';
import {
  END,
  FINGERPRINT_BYTES,
  ID_BYTES,
  MessageReader,
  MessageWriter,
  MODE,
  NegentropyMessageError,
  PROTOCOL_VERSION,
  type Bound,
  type MalformedMessage,
} from './message-codec.js';

export interface ReconcileOptions {
  /** The initiator learns the difference; the responder only answers. */
  readonly role: 'initiator' | 'responder';
  /** Longest message of ours in bytes, at least 4,096; what does not fit is summed up in one fingerprint. Default: no limit. */
  readonly frameSizeLimit?: number;
}

export type Reconciled =
  | {
      readonly ok: true;
      /** Items of ours that the peer has not, as indexes of the set. */
      readonly have: readonly number[];
      /** Hex ids that the peer has and we have not. May name one again that an earlier message named. */
      readonly need: readonly string[];
      /** What to send; undefined when the initiator knows everything. */
      readonly next: Uint8Array | undefined;
    }
  | { readonly ok: false; readonly reason: MalformedMessage };

const BUCKETS = 16;
const MIN_FRAME_SIZE = 4096;

/** Room for what closes a message: a skip and a fingerprint of the rest, with the longest bounds. */
const CLOSING_BYTES = 200;

/** The initiator's first message. */
export function openNegentropy(items: NegentropyItemSet): Uint8Array {
  const out = new MessageWriter();
  out.byte(PROTOCOL_VERSION);
  split(items, { from: 0, to: items.size, upper: END }, out);
  return out.take();
}

/** Takes the peer's message, gives ours. Keeps nothing between messages. */
export function reconcile(options: ReconcileOptions, items: NegentropyItemSet, message: Uint8Array): Reconciled {
  const { frameSizeLimit = Infinity } = options;
  if (frameSizeLimit < MIN_FRAME_SIZE) throw new RangeError(`frameSizeLimit below ${MIN_FRAME_SIZE}`);
  try {
    return new Round(options.role, frameSizeLimit, items, message).run();
  } catch (error) {
    if (error instanceof NegentropyMessageError) return { ok: false, reason: error.reason };
    throw error;
  }
}

/** Items from (inclusive) to (exclusive), which are all of ours below `upper` that earlier ranges do not hold. */
interface Range {
  readonly from: number;
  readonly to: number;
  readonly upper: Bound;
}

interface Answered {
  /** First item that is not answered for. */
  readonly to: number;
  readonly whole: boolean;
}

class Round {
  readonly #initiator: boolean;
  readonly #room: number;
  readonly #items: NegentropyItemSet;
  readonly #in: MessageReader;
  readonly #out = new MessageWriter();
  readonly #have: number[] = [];
  readonly #need: string[] = [];
  /** Upper bound of agreed ranges that are not written yet: neighbours become one skip, trailing ones none. */
  #skipTo: Bound | undefined;

  constructor(role: 'initiator' | 'responder', frameSizeLimit: number, items: NegentropyItemSet, message: Uint8Array) {
    this.#initiator = role === 'initiator';
    this.#room = frameSizeLimit - CLOSING_BYTES;
    this.#items = items;
    this.#in = new MessageReader(message);
  }

  run(): Reconciled {
    this.#out.byte(PROTOCOL_VERSION);
    if (this.#in.byte() !== PROTOCOL_VERSION) {
      // A responder names the version it speaks; the initiator has none to fall back to.
      if (this.#initiator) throw new NegentropyMessageError('version');
      return this.#result();
    }
    let from = 0;
    while (!this.#in.done) {
      const upper = this.#in.bound();
      const range = { from, to: this.#items.lowerBound(from, upper), upper };
      const answered = this.#answer(range);
      if (!answered.whole || this.#out.length > this.#room) {
        this.#summarise(answered.to);
        break;
      }
      from = range.to;
    }
    return this.#result();
  }

  /** Writes what the peer's range calls for, as far as it fits. */
  #answer(range: Range): Answered {
    const mode = this.#in.varint();
    switch (mode) {
      case MODE.skip:
        return this.#agree(range);
      case MODE.fingerprint:
        return this.#compare(range, this.#in.bytes(FINGERPRINT_BYTES));
      case MODE.idList: {
        const theirs = readIds(this.#in);
        return this.#initiator ? this.#learn(range, theirs) : this.#list(range);
      }
      default:
        throw new NegentropyMessageError('mode');
    }
  }

  #agree({ to, upper }: Range): Answered {
    this.#skipTo = upper;
    return { to, whole: true };
  }

  #compare(range: Range, theirs: Uint8Array): Answered {
    if (Buffer.compare(this.#items.fingerprint(range.from, range.to), theirs) === 0) return this.#agree(range);
    const mark = this.#out.mark();
    const skipTo = this.#skipTo;
    this.#writeSkip();
    split(this.#items, range, this.#out);
    if (this.#out.length <= this.#room) return { to: range.to, whole: true };
    this.#out.rewind(mark);
    this.#skipTo = skipTo;
    return { to: range.from, whole: false };
  }

  #learn(range: Range, theirs: Set<string>): Answered {
    for (let index = range.from; index < range.to; index += 1) {
      if (!theirs.delete(this.#items.hex(index))) this.#have.push(index);
    }
    for (const id of theirs) this.#need.push(id);
    return this.#agree(range);
  }

  #list({ from, to, upper }: Range): Answered {
    const fitting = Math.max(0, Math.floor((this.#room - this.#out.length) / ID_BYTES));
    const end = Math.min(to, from + fitting);
    const whole = end === to;
    if (!whole && end === from) return { to: from, whole };
    this.#writeSkip();
    writeIds(this.#items, { from, to: end, upper: whole ? upper : boundBefore(this.#items, end) }, this.#out);
    return { to: end, whole };
  }

  #writeSkip(): void {
    if (this.#skipTo === undefined) return;
    this.#out.bound(this.#skipTo);
    this.#out.varint(MODE.skip);
    this.#skipTo = undefined;
  }

  #summarise(from: number): void {
    this.#writeSkip();
    this.#out.bound(END);
    this.#out.varint(MODE.fingerprint);
    this.#out.bytes(this.#items.fingerprint(from, this.#items.size));
  }

  #result(): Reconciled {
    const finished = this.#initiator && this.#out.length === 1;
    return { ok: true, have: this.#have, need: this.#need, next: finished ? undefined : this.#out.take() };
  }
}

/** Few items: their ids. Many: a fingerprint for each of 16 equal parts. */
function split(items: NegentropyItemSet, range: Range, out: MessageWriter): void {
  const count = range.to - range.from;
  if (count < BUCKETS * 2) {
    writeIds(items, range, out);
    return;
  }
  let from = range.from;
  for (let bucket = 1; bucket <= BUCKETS; bucket += 1) {
    const to = range.from + Math.floor((count * bucket) / BUCKETS);
    out.bound(to === range.to ? range.upper : boundBefore(items, to));
    out.varint(MODE.fingerprint);
    out.bytes(items.fingerprint(from, to));
    from = to;
  }
}

function writeIds(items: NegentropyItemSet, { from, to, upper }: Range, out: MessageWriter): void {
  out.bound(upper);
  out.varint(MODE.idList);
  out.varint(to - from);
  out.bytes(items.ids(from, to));
}

/** The shortest bound above the item before `index` and not above the item at `index`. */
function boundBefore(items: NegentropyItemSet, index: number): Bound {
  const timestamp = items.timestamp(index);
  const id = items.ids(index, index + 1);
  if (items.timestamp(index - 1) !== timestamp) return { timestamp, prefix: id.subarray(0, 0) };
  const previous = items.ids(index - 1, index);
  const shared = id.findIndex((byte, at) => byte !== previous[at]);
  return { timestamp, prefix: id.subarray(0, shared + 1) };
}

function readIds(message: MessageReader): Set<string> {
  const count = message.varint();
  const ids = Buffer.from(message.bytes(count * ID_BYTES));
  const set = new Set<string>();
  for (let at = 0; at < ids.length; at += ID_BYTES) set.add(ids.toString('hex', at, at + ID_BYTES));
  return set;
}
