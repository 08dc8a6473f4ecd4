import { describe, expect, it } from '@jest/globals';

import { expirationOf, tagValues } from './tags.js';

describe('tagValues', () => {
  it.each([
    [
      [
        ['e', 'abc123'],
        ['p', 'def456'],
        ['relay', 'wss://x'],
      ],
      ['e:abc123', 'p:def456'],
    ],
    [[], []],
    [[['e']], []],
    [[[]], []],
    [
      [
        ['e', 'x'],
        ['e', 'x'],
      ],
      ['e:x', 'e:x'],
    ],
    [
      [
        ['r', 'wss://a'],
        ['R', 'b'],
      ],
      ['r:wss://a', 'R:b'],
    ],
    [[['é', 'v']], ['é:v']],
    [[['😀', 'v']], ['😀:v']],
    [[['ab', 'v']], []],
    [[['', 'v']], []],
    [[['d', '']], ['d:']],
    [[['1', 'v']], ['1:v']],
    [[['relay', 'wss://x']], []],
    [[['a:b', 'v']], []],
    [[['t', 'a:b']], ['t:a:b']],
    [[['e', 'x', 'wss://relay.example.com', 'root']], ['e:x']],
  ])('%j: %j', (tags, values) => {
    expect(tagValues(tags)).toEqual(values);
  });
});

describe('expirationOf', () => {
  it.each([
    [[], undefined],
    [[['expiration', '1700000000']], 1_700_000_000],
    [
      [
        ['t', '1'],
        ['expiration', '0'],
      ],
      0,
    ],
    [
      [
        ['expiration', '1'],
        ['expiration', '2'],
      ],
      1,
    ],
    [[['expiration']], undefined],
    [[['expiration', '']], undefined],
    [[['expiration', 'soon']], undefined],
    [[['expiration', '-1']], undefined],
    [[['expiration', '1e9']], undefined],
    [[['expiration', '1.5']], undefined],
    [[['expiration', '99999999999999999999']], undefined],
    [[['Expiration', '1700000000']], undefined],
  ])('%j: %s', (tags, expected) => {
    expect(expirationOf({ tags })).toBe(expected);
  });
});
