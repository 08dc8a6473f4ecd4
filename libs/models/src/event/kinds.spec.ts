import { describe, expect, it } from '@jest/globals';

import { kindClass } from './kinds.js';

describe('kindClass', () => {
  it.each([
    ['replaceable', [0, 3, 10_000, 10_002, 19_999]],
    ['ephemeral', [20_000, 22_242, 29_999]],
    ['addressable', [30_000, 30_166, 39_999]],
    ['regular', [1, 2, 4, 5, 7, 44, 45, 999, 1_000, 9_735, 9_999, 40_000, 65_535]],
  ])('%s', (expected, kinds) => {
    expect(kinds.map(kindClass)).toEqual(kinds.map(() => expected));
  });
});
