import { describe, expect, it } from '@jest/globals';

import { unixNow } from './unix-time.js';

describe('unixNow', () => {
  it.each([
    [1_700_000_000_000, 1_700_000_000],
    [1_700_000_000_999, 1_700_000_000],
    [0, 0],
  ])('of %d ms is %d s', (milliseconds, seconds) => {
    expect(unixNow(() => milliseconds)).toBe(seconds);
  });
});
