import { hash } from 'node:crypto';
import { FINGERPRINT_BYTES, ID_BYTES, MessageWriter, type Bound } from './message-codec.js';

export interface NegentropyItem {
  readonly created_at: number;
  /** 32 bytes. */
  readonly id: Uint8Array;
}

const LIMBS = ID_BYTES / 4;
const NOTHING = { length: 0, timestamp: 0 };

/**
 * The local side of a reconciliation: ids sorted by (created_at, id), in columns. The sums of the ids are kept for
 * every prefix of the set, so that the fingerprint of any range costs one subtraction and one hash. 72 bytes per item.
 */
export class NegentropyItemSet {
  readonly size: number;
  readonly #timestamps: Float64Array;
  readonly #ids: Buffer;
  /** From `n * LIMBS` on: the sum of the first n ids, read as little-endian numbers, mod 2^256. */
  readonly #sums: Uint32Array;
  /** What a fingerprint is the hash of; one for all, because allocating would cost more than hashing. */
  readonly #hashed = new MessageWriter(ID_BYTES + 8);

  /**
   * Any order, sorted is fastest; what is given twice counts once. A created_at below 0 is left out: the protocol has
   * no number for it, so no peer can name it either.
   */
  constructor(items: Iterable<NegentropyItem>) {
    const { timestamps, ids } = sorted(collect(items));
    this.size = timestamps.length;
    this.#timestamps = timestamps;
    this.#ids = ids;
    this.#sums = prefixSums(ids);
  }

  timestamp(index: number): number {
    return this.#timestamps[index] ?? Infinity;
  }

  /** The ids of a range one after the other; a view. */
  ids(from: number, to: number): Uint8Array {
    return this.#ids.subarray(from * ID_BYTES, to * ID_BYTES);
  }

  hex(index: number): string {
    return this.#ids.toString('hex', index * ID_BYTES, (index + 1) * ID_BYTES);
  }

  /** First index from `from` on whose item is not below the bound. */
  lowerBound(from: number, bound: Bound): number {
    let low = from;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#isBelow(middle, bound)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  fingerprint(from: number, to: number): Uint8Array {
    const hashed = this.#hashed;
    hashed.rewind(NOTHING);
    let borrow = 0;
    for (let limb = 0; limb < LIMBS; limb += 1) {
      const difference = (this.#sums[to * LIMBS + limb] ?? 0) - (this.#sums[from * LIMBS + limb] ?? 0) - borrow;
      borrow = difference < 0 ? 1 : 0;
      for (let shift = 0; shift < 32; shift += 8) hashed.byte((difference >>> shift) & 0xff);
    }
    hashed.varint(to - from);
    return hash('sha256', hashed.take(), 'buffer').subarray(0, FINGERPRINT_BYTES);
  }

  #isBelow(index: number, { timestamp, prefix }: Bound): boolean {
    const own = this.timestamp(index);
    if (own !== timestamp) return own < timestamp;
    const start = index * ID_BYTES;
    return this.#ids.compare(prefix, 0, prefix.length, start, start + prefix.length) < 0;
  }
}

interface Columns {
  readonly timestamps: Float64Array;
  readonly ids: Buffer;
}

function collect(items: Iterable<NegentropyItem>): Columns {
  let capacity = 1024;
  let count = 0;
  let timestamps = new Float64Array(capacity);
  let ids = Buffer.allocUnsafeSlow(capacity * ID_BYTES);
  for (const { created_at, id } of items) {
    if (!Number.isSafeInteger(created_at)) throw new RangeError(`created_at ${created_at}`);
    if (created_at < 0) continue;
    if (id.length !== ID_BYTES) throw new RangeError(`id of ${id.length} bytes`);
    if (count === capacity) {
      capacity *= 2;
      const before = { timestamps, ids };
      timestamps = new Float64Array(capacity);
      timestamps.set(before.timestamps);
      ids = Buffer.allocUnsafeSlow(capacity * ID_BYTES);
      ids.set(before.ids);
    }
    timestamps[count] = created_at;
    ids.set(id, count * ID_BYTES);
    count += 1;
  }
  return { timestamps: timestamps.subarray(0, count), ids: ids.subarray(0, count * ID_BYTES) };
}

function sorted(columns: Columns): Columns {
  if (isSorted(columns)) return columns;
  const order = columns.timestamps.map((_, item) => item);
  order.sort((a, b) => compareItems(columns, a, b));
  const distinct = order.filter((item, at) => at === 0 || compareItems(columns, order[at - 1] ?? 0, item) !== 0);
  const timestamps = new Float64Array(distinct.length);
  const ids = Buffer.allocUnsafeSlow(distinct.length * ID_BYTES);
  distinct.forEach((item, at) => {
    timestamps[at] = columns.timestamps[item] ?? 0;
    ids.set(columns.ids.subarray(item * ID_BYTES, (item + 1) * ID_BYTES), at * ID_BYTES);
  });
  return { timestamps, ids };
}

function isSorted(columns: Columns): boolean {
  for (let item = 1; item < columns.timestamps.length; item += 1) {
    if (compareItems(columns, item - 1, item) >= 0) return false;
  }
  return true;
}

function compareItems({ timestamps, ids }: Columns, a: number, b: number): number {
  const older = (timestamps[a] ?? 0) - (timestamps[b] ?? 0);
  if (older !== 0) return older;
  return ids.compare(ids, b * ID_BYTES, (b + 1) * ID_BYTES, a * ID_BYTES, (a + 1) * ID_BYTES);
}

function prefixSums(ids: Buffer): Uint32Array {
  const count = ids.length / ID_BYTES;
  const words = new DataView(ids.buffer, ids.byteOffset, ids.length);
  const sums = new Uint32Array((count + 1) * LIMBS);
  for (let item = 0; item < count; item += 1) {
    let carry = 0;
    for (let limb = 0; limb < LIMBS; limb += 1) {
      const sum = (sums[item * LIMBS + limb] ?? 0) + words.getUint32(item * ID_BYTES + limb * 4, true) + carry;
      carry = sum > 0xffffffff ? 1 : 0;
      sums[(item + 1) * LIMBS + limb] = sum;
    }
  }
  return sums;
}
