import { describe, it, expect } from '@jest/globals';
import { readCountAnswer } from './count-answer.js';

describe('readCountAnswer', () => {
  it.each([
    [{ count: 0 }, { count: 0, approximate: false }],
    [
      { count: 5, approximate: true },
      { count: 5, approximate: true },
    ],
    [
      { count: 5, approximate: 'yes' },
      { count: 5, approximate: false },
    ],
    [
      { count: 1_000_000, limited: true },
      { count: 1_000_000, approximate: true },
    ],
    [
      { count: 5, hll: 'AB'.repeat(256) },
      { count: 5, approximate: false, hll: 'ab'.repeat(256) },
    ],
    [
      { count: 5, hll: 'ab' },
      { count: 5, approximate: false },
    ],
    [{ count: -1 }, undefined],
    [{ count: 1.5 }, undefined],
    [{ count: '5' }, undefined],
    [{ count: 2 ** 60 }, undefined],
    [{}, undefined],
    [[5], undefined],
    [5, undefined],
    [null, undefined],
  ])('reads %j', (value, expected) => {
    expect(readCountAnswer(value)).toEqual(expected);
  });
});
