import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { canonicalJson, type JsonValue } from './canonical-json.js';

describe('canonicalJson', () => {
  it.each<[string, JsonValue, string]>([
    ['sorts keys at every level', { z: 1, a: { y: 2, b: 3 } }, '{"a":{"b":3,"y":2},"z":1}'],
    ['keeps the order of lists', [3, 1, 2], '[3,1,2]'],
    ['escapes as JSON must and no more', 'é☀\u2028/"\n\u0007', '"é☀\u2028/\\"\\n\\u0007"'],
    ['prints numbers as ECMAScript does', [37.0, -0, 1e-7, 1e21, 1e16, 0.1], '[37,0,1e-7,1e+21,10000000000000000,0.1]'],
    // RFC 8785 §3.2.3: an astral character sorts by its first surrogate, hence before U+FFFF.
    ['sorts keys by UTF-16 unit', { '\uffff': 2, '😀': 1, a: 3 }, '{"a":3,"😀":1,"\uffff":2}'],
    ['takes literals as they are', [true, false, null, ''], '[true,false,null,""]'],
    ['takes "toJSON" for a key like others', { toJSON: 'x' }, '{"toJSON":"x"}'],
  ])('%s', (_, value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  it('says the same value, and the same text however the keys came', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }), (value) => {
        const text = canonicalJson(value as JsonValue);
        const turned = Object.fromEntries(Object.entries(value).reverse()) as JsonValue;

        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(turned)).toBe(text);
      }),
      { seed: 5, numRuns: 300 },
    );
  });
});
