import { describe, expect, it } from '@jest/globals';

import { createRandom } from './random.js';

describe('createRandom', () => {
  it('repeats itself for the same seed and not for another', () => {
    const draw = (seed: number): number[] => {
      const random = createRandom(seed);
      return Array.from({ length: 20 }, () => random.next());
    };

    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  it('spreads evenly over [0, 1)', () => {
    const random = createRandom(1);
    const buckets = Array.from({ length: 10 }, () => 0);

    for (let draw = 0; draw < 10_000; draw += 1) buckets[Math.floor(random.next() * 10)]! += 1;

    for (const bucket of buckets) expect(Math.abs(bucket - 1_000)).toBeLessThan(150);
  });

  it('stays below the bound and reaches every value', () => {
    const random = createRandom(2);

    const drawn = new Set(Array.from({ length: 200 }, () => random.below(5)));

    expect([...drawn].sort()).toEqual([0, 1, 2, 3, 4]);
  });

  it('shuffles without loss and without touching the original', () => {
    const random = createRandom(3);
    const items = Array.from({ length: 50 }, (_, index) => index);

    const shuffled = random.shuffle(items);

    expect(shuffled).not.toEqual(items);
    expect([...shuffled].sort((a, b) => a - b)).toEqual(items);
    expect(items[49]).toBe(49);
  });

  it('shuffles every item to every place', () => {
    const random = createRandom(6);
    const places = Array.from({ length: 4 }, () => new Set<number>());

    for (let round = 0; round < 100; round += 1) {
      for (const [place, item] of random.shuffle([0, 1, 2, 3]).entries()) places[place]!.add(item);
    }

    for (const items of places) expect(items.size).toBe(4);
  });

  it.each([1, 4, 5, 32])('makes %i bytes of hex', (bytes) => {
    expect(createRandom(4).hex(bytes)).toMatch(new RegExp(`^[0-9a-f]{${bytes * 2}}$`));
  });

  it('refuses to pick from nothing', () => {
    expect(() => createRandom(5).pick([])).toThrow(RangeError);
  });
});
