import { createHash } from 'node:crypto';
import { describe, it, expect } from '@jest/globals';
import fc from 'fast-check';
import { NegentropyItemSet, type NegentropyItem } from './item-set.js';

const item = fc.record({
  created_at: fc.oneof(fc.nat(5), fc.maxSafeNat()),
  id: fc.uint8Array({ minLength: 32, maxLength: 32 }),
});

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** The definition of a fingerprint, word for word. */
function definedFingerprint(items: readonly NegentropyItem[]): string {
  const littleEndian = (bytes: Uint8Array) => BigInt(`0x${hex(Uint8Array.from(bytes).reverse())}`);
  const sum = items.reduce((total, { id }) => (total + littleEndian(id)) % 2n ** 256n, 0n);
  const sumBytes = Buffer.from(sum.toString(16).padStart(64, '0'), 'hex').reverse();
  const count = items.length < 128 ? [items.length] : [0x80 | (items.length >> 7), items.length & 0x7f];
  return createHash('sha256')
    .update(Buffer.concat([sumBytes, Buffer.from(count)]))
    .digest('hex')
    .slice(0, 32);
}

describe('NegentropyItemSet', () => {
  it('sorts by created_at, then by the bytes of the id, each item once', () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 200 }), (items) => {
        const set = new NegentropyItemSet([...items, ...items]);

        const keys = items.map(({ created_at, id }) => `${String(created_at).padStart(16, '0')} ${hex(id)}`);
        const expected = [...new Set(keys)].sort();
        const got = Array.from({ length: set.size }, (_, index) => {
          return `${String(set.timestamp(index)).padStart(16, '0')} ${set.hex(index)}`;
        });
        expect(got).toEqual(expected);
      }),
      { seed: 77, numRuns: 200 },
    );
  });

  it('gives the fingerprint of any range', () => {
    const ids = fc.uniqueArray(fc.uint8Array({ minLength: 32, maxLength: 32 }), { selector: hex, maxLength: 300 });
    fc.assert(
      fc.property(ids, fc.nat(), fc.nat(), (unordered, a, b) => {
        const items = unordered.map((id, created_at) => ({ created_at, id }));
        const [from = 0, to = 0] = [a % (items.length + 1), b % (items.length + 1)].sort((x, y) => x - y);

        const set = new NegentropyItemSet(items);
        const [part, whole] = [set.fingerprint(from, to), set.fingerprint(0, items.length)];

        expect(hex(part)).toBe(definedFingerprint(items.slice(from, to)));
        expect(hex(whole)).toBe(definedFingerprint(items));
      }),
      { seed: 77, numRuns: 200 },
    );
  });

  it('carries through all 256 bits', () => {
    const items = [0xff, 0x01].map((byte, created_at) => ({ created_at, id: new Uint8Array(32).fill(byte) }));

    expect(hex(new NegentropyItemSet(items).fingerprint(0, 2))).toBe(definedFingerprint(items));
  });

  it('leaves out what the protocol cannot name', () => {
    const items = [-1, 0].map((created_at) => ({ created_at, id: new Uint8Array(32) }));

    expect(new NegentropyItemSet(items).size).toBe(1);
  });

  it.each([
    ['a fraction', { created_at: 1.5, id: new Uint8Array(32) }],
    ['a created_at beyond 2^53', { created_at: 2 ** 53, id: new Uint8Array(32) }],
    ['a short id', { created_at: 1, id: new Uint8Array(31) }],
  ])('refuses %s', (_, bad) => {
    expect(() => new NegentropyItemSet([bad])).toThrow(RangeError);
  });
});
