import { describe, it, expect } from '@jest/globals';
import fc from 'fast-check';
import { END, MessageReader, MessageWriter } from './message-codec.js';

function written(write: (writer: MessageWriter) => void): Uint8Array {
  const writer = new MessageWriter(1);
  write(writer);
  return writer.take();
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

describe('message codec', () => {
  it.each([
    [0, '00'],
    [1, '01'],
    [127, '7f'],
    [128, '8100'],
    [16_383, 'ff7f'],
    [16_384, '818000'],
    [2 ** 31, '8880808000'],
    [2 ** 32, '9080808000'],
    [2 ** 32 + 1, '9080808001'],
    [1_756_000_000_000, 'b38dce86b000'],
    [Number.MAX_SAFE_INTEGER, '8fffffffffffff7f'],
  ])('writes %d as %s, most significant group first', (value, expected) => {
    const bytes = written((writer) => writer.varint(value));

    expect(hex(bytes)).toBe(expected);
    expect(new MessageReader(bytes).varint()).toBe(value);
  });

  it('reads back any number up to 2^53 - 1', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        expect(new MessageReader(written((writer) => writer.varint(value))).varint()).toBe(value);
      }),
      { seed: 77, numRuns: 1_000 },
    );
  });

  it('writes timestamps as differences and infinity as zero', () => {
    const prefix = Uint8Array.from([1, 2]);

    const bytes = written((writer) => {
      writer.bound({ timestamp: 10, prefix: new Uint8Array(0) });
      writer.bound({ timestamp: 10, prefix });
      writer.bound(END);
    });

    expect(hex(bytes)).toBe('0b00' + '01020102' + '0000');
  });

  it('reads back bounds in order, also beyond 32 bits', () => {
    const timestamp = fc.oneof(fc.nat(), fc.maxSafeNat());
    const bound = fc.record({ timestamp, prefix: fc.uint8Array({ maxLength: 32 }) });
    fc.assert(
      fc.property(fc.array(bound), (unsorted) => {
        const bounds = [...unsorted.sort((a, b) => a.timestamp - b.timestamp), END];
        const reader = new MessageReader(written((writer) => bounds.forEach((each) => writer.bound(each))));

        const read = bounds.map(() => reader.bound());

        expect(read.map(({ timestamp }) => timestamp)).toEqual(bounds.map(({ timestamp }) => timestamp));
        expect(read.map(({ prefix }) => hex(prefix))).toEqual(bounds.map(({ prefix }) => hex(prefix)));
        expect(reader.done).toBe(true);
      }),
      { seed: 77, numRuns: 300 },
    );
  });

  it('takes back what was written after a mark', () => {
    const writer = new MessageWriter();
    writer.bound({ timestamp: 5, prefix: new Uint8Array(0) });
    const mark = writer.mark();
    writer.bound({ timestamp: 900, prefix: new Uint8Array(0) });

    writer.rewind(mark);
    writer.bound({ timestamp: 6, prefix: new Uint8Array(0) });

    expect(hex(writer.take())).toBe('0600' + '0200');
  });
});
