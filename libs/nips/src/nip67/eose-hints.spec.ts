import { describe, it, expect } from '@jest/globals';
import { NO_HINTS, readEoseHints } from './eose-hints.js';

describe('readEoseHints', () => {
  it.each([
    [undefined, NO_HINTS],
    [[], NO_HINTS],
    ['finish', NO_HINTS],
    [{ finish: true }, NO_HINTS],
    [['soon', 7, null], NO_HINTS],
    [['finish'], { finish: true, more: false, auth: false }],
    [['x', 'more'], { finish: false, more: true, auth: false }],
    [['auth', 'more'], { finish: false, more: true, auth: true }],
    [['finish', 'more'], { finish: false, more: true, auth: false }],
    [['finish', 'auth'], { finish: false, more: false, auth: true }],
  ])('reads %j', (value, expected) => {
    expect(readEoseHints(value)).toEqual(expected);
  });
});
