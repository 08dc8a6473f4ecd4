import { inspect } from 'node:util';

import { describe, expect, it } from '@jest/globals';

import { parseSecretKey } from './parse-secret-key.js';
import { publicKeyOf } from './secret-key.js';

/** The pair of NIP-19's example. */
const HEX = '67dea2ed018072d675f5415ecfaed7d2597555e202d85b3d65ea4e58d2d92ffa';
const NSEC = 'nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe5';
const PUBLIC_KEY = '7e7e9c42a91bfef19fa929e5fda1b72e0ebc1a4c1141673e2794234d86addf4e';
const ORDER = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141';

describe('parseSecretKey', () => {
  it.each([
    ['hex', HEX],
    ['hex in capitals', HEX.toUpperCase()],
    ['nsec', NSEC],
    ['nsec in capitals', NSEC.toUpperCase()],
    ['a line of a file', ` ${NSEC}\n`],
  ])('reads %s', (_, text) => {
    const result = parseSecretKey(text);

    expect(result.ok && publicKeyOf(result.key)).toBe(PUBLIC_KEY);
    expect(result.ok && result.key.revealHex()).toBe(HEX);
  });

  it('reads the smallest and the greatest key', () => {
    const smallest = parseSecretKey('1'.padStart(64, '0'));
    const greatest = parseSecretKey(`${ORDER.slice(0, -1)}0`);

    expect(smallest.ok && publicKeyOf(smallest.key)).toBe(
      '79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798',
    );
    expect(greatest.ok && publicKeyOf(greatest.key)).toBe(
      '79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798',
    );
  });

  it.each([
    ['', 'empty'],
    [' \n', 'empty'],
    ['npub10elfcs4fr0l0r8af98jlmgdh9c8tcxjvz9qkw038js35mp4dma8qzvjptg', 'public-key'],
    ['ncryptsec1qgg9947rlpvqu76pj5ecreduf9jxhselq2nae2kghhvd5g7dgjtcxfqtd67p9', 'encrypted'],
    [HEX.slice(1), 'malformed'],
    [`${HEX}0`, 'malformed'],
    [`${HEX.slice(0, -1)}g`, 'malformed'],
    [`${NSEC.slice(0, -1)}q`, 'malformed'],
    ['nsec1', 'malformed'],
    ['note1fntxtkcy9pjwucqwa9mddn7v03wwwsu9j330jj350nvhpky2tuaspk6nqc', 'malformed'],
    ['0'.repeat(64), 'out-of-range'],
    [ORDER, 'out-of-range'],
    ['f'.repeat(64), 'out-of-range'],
  ])('refuses %j as %s', (text, reason) => {
    expect(parseSecretKey(text)).toEqual({ ok: false, reason });
  });

  it('gives a key that does not show itself', () => {
    const result = parseSecretKey(NSEC);
    const shown = [inspect(result, { depth: 9, showHidden: true }), JSON.stringify(result)];

    for (const text of shown) expect(text).not.toMatch(/67dea2|103, 222|nsec1/);
  });
});
