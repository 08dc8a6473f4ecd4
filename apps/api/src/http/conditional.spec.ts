import { describe, expect, it } from '@jest/globals';

import { etagOf, isFresh } from './conditional.js';

describe('etagOf', () => {
  it('tells bodies apart, and the same body not', () => {
    expect(etagOf('a')).toBe(etagOf('a'));
    expect(etagOf('a')).not.toBe(etagOf('b'));
    expect(etagOf('a')).toMatch(/^W\/"[\w-]+"$/);
  });
});

describe('isFresh', () => {
  it.each([
    ['W/"a"', true],
    ['"a"', true],
    ['"b", W/"a"', true],
    ['*', true],
    ['"b"', false],
    ['a', false],
    [undefined, false],
  ])('with If-None-Match %s: %s', (header, expected) => {
    expect(isFresh(header, 'W/"a"')).toBe(expected);
  });
});
