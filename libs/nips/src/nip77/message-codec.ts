/** The bytes of negentropy messages, protocol version 1 (NIP-77). */
export const PROTOCOL_VERSION = 0x61;
export const ID_BYTES = 32;
export const FINGERPRINT_BYTES = 16;

export const MODE = { skip: 0, fingerprint: 1, idList: 2 } as const;

/** An upper end of a range, exclusive. `timestamp` Infinity is the end of everything. `prefix` is padded with zeros. */
export interface Bound {
  readonly timestamp: number;
  readonly prefix: Uint8Array;
}

const NO_PREFIX = new Uint8Array(0);

export const END: Bound = { timestamp: Infinity, prefix: NO_PREFIX };

export type MalformedMessage = 'not-hex' | 'version' | 'truncated' | 'number' | 'prefix' | 'mode';

/** A message that no honest peer sends. Thrown by the reader, caught by the reconciler; never leaves this folder. */
export class NegentropyMessageError extends Error {
  readonly reason: MalformedMessage;

  constructor(reason: MalformedMessage) {
    super(`bad negentropy message: ${reason}`);
    this.reason = reason;
  }
}

/** Reads one message front to back. Numbers up to 2^53 − 1: shifts would be wrong from 2^31. */
export class MessageReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #lastTimestamp = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new NegentropyMessageError('truncated');
    this.#at += 1;
    return byte;
  }

  /** A view into the message, not a copy. */
  bytes(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw new NegentropyMessageError('truncated');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  varint(): number {
    let value = 0;
    for (;;) {
      const byte = this.byte();
      value = value * 128 + (byte & 0x7f);
      if (value > Number.MAX_SAFE_INTEGER) throw new NegentropyMessageError('number');
      if (byte < 0x80) return value;
    }
  }

  bound(): Bound {
    const encoded = this.varint();
    const timestamp = encoded === 0 ? Infinity : this.#lastTimestamp + encoded - 1;
    if (timestamp !== Infinity && !Number.isSafeInteger(timestamp)) throw new NegentropyMessageError('number');
    this.#lastTimestamp = timestamp;
    const length = this.varint();
    if (length > ID_BYTES) throw new NegentropyMessageError('prefix');
    return { timestamp, prefix: this.bytes(length) };
  }
}

/** Writes one message. Timestamps are written as differences, so bounds must be written in order. */
export class MessageWriter {
  #bytes: Uint8Array;
  #length = 0;
  #lastTimestamp = 0;

  constructor(initialCapacity = 1024) {
    this.#bytes = new Uint8Array(initialCapacity);
  }

  get length(): number {
    return this.#length;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  bytes(values: Uint8Array): void {
    this.#reserve(values.length);
    this.#bytes.set(values, this.#length);
    this.#length += values.length;
  }

  varint(value: number): void {
    let unit = 1;
    while (value >= unit * 128) unit *= 128;
    for (; unit > 1; unit /= 128) this.byte(0x80 + (Math.floor(value / unit) % 128));
    this.byte(value % 128);
  }

  bound({ timestamp, prefix }: Bound): void {
    this.varint(timestamp === Infinity ? 0 : timestamp - this.#lastTimestamp + 1);
    this.#lastTimestamp = timestamp;
    this.varint(prefix.length);
    this.bytes(prefix);
  }

  /** The present state, to come back to when what follows does not fit. */
  mark(): { readonly length: number; readonly timestamp: number } {
    return { length: this.#length, timestamp: this.#lastTimestamp };
  }

  rewind(mark: { readonly length: number; readonly timestamp: number }): void {
    this.#length = mark.length;
    this.#lastTimestamp = mark.timestamp;
  }

  take(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
