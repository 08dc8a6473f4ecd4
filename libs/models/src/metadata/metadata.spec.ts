import { createHash } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { canonicalJson } from './canonical-json.js';
import { metadataId, pruneMetadata } from './metadata.js';

/** Ids marked "Python" are those of the Python BigBrotr as well: documents without floats and astral keys share them. */
const ids = [
  [
    'simple (Python)',
    { name: 'test' },
    '{"name":"test"}',
    '7d9fd2051fc32b32feab10946fab6bb91426ab7e39aa5439289ed892864aa91d',
  ],
  [
    'nested list (Python)',
    { a: { b: [1, 2, 3] } },
    '{"a":{"b":[1,2,3]}}',
    '345cbac42064615b5c54e4b502193eb847ce94a9c62ad47a463fe43d99226e3c',
  ],
  ['empty (Python)', {}, '{}', '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'],
  [
    'key order (Python)',
    { z: 1, a: 2, m: 3 },
    '{"a":2,"m":3,"z":1}',
    'ebba85cfdc0a724b6cc327ecc545faeb38b9fe02eca603b430eb872f5cf75370',
  ],
  [
    'null and empty containers removed, recursively (Python)',
    { value: null, nested: { inner: null }, real: 'data', limitation: {}, tags: [] },
    '{"real":"data"}',
    'af4849e4e194cf3e138dfd3fdb75caf3f99f5ffd271b3fd9feb87596f48ee9ab',
  ],
  [
    'list cleanup (Python)',
    { items: [1, null, 2, {}, [], 3] },
    '{"items":[1,2,3]}',
    '7aff5dcbe562761bfd9d8569cdd3226d3944acad6539db5d62ad3f67d9a45d0a',
  ],
  [
    'a list that becomes empty is removed (Python)',
    { items: [null, {}, [], null], real: 'data' },
    '{"real":"data"}',
    'af4849e4e194cf3e138dfd3fdb75caf3f99f5ffd271b3fd9feb87596f48ee9ab',
  ],
  [
    'false, 0 and "" are values (Python)',
    { enabled: false, count: 0, name: '' },
    '{"count":0,"enabled":false,"name":""}',
    'a21cf5193dfa875dff8cd7f0318ba532fd47729acff70e1332cb644ff85add10',
  ],
  [
    'unicode not escaped (Python)',
    { name: 'café ☀' },
    '{"name":"café ☀"}',
    '346fb93162ece0ce7e64c8e960de70b6e3e8bc9c9eeb06a79e0a1a9f2d4a7824',
  ],
  [
    'control characters escaped (Python)',
    { text: 'Hello "World"\nNew line\ttab' },
    '{"text":"Hello \\"World\\"\\nNew line\\ttab"}',
    '6a75922cf00d04777c0895a279f79f08ce21e70e9bf86fc883801aac4b54524f',
  ],
  [
    'deep nesting (Python)',
    { l1: { l2: { l3: { l4: 'value' } } } },
    '{"l1":{"l2":{"l3":{"l4":"value"}}}}',
    '148eab4ade37940f58d70585f7821d935c35f6523ba40c65a23135418d05844f',
  ],
  [
    'a whole float (Python writes 37.0)',
    { geo_lat: 37.0, geo_lon: -122.4194 },
    '{"geo_lat":37,"geo_lon":-122.4194}',
    '867dd4b84b69811a12ec06ac91c04b442f21e1da90897b33b4765626a50c0b09',
  ],
  [
    'negative zero (Python writes -0.0)',
    { x: -0 },
    '{"x":0}',
    '5bff452c5ed93f2e87a23984db5a15050c6477335fdec955b70063bb2d692bf1',
  ],
  [
    'exponents (Python writes 1e-07, 1e+16)',
    { x: 1e-7, y: 1e21, z: 1e16 },
    '{"x":1e-7,"y":1e+21,"z":10000000000000000}',
    'e5ab33ca61d2d3458feac60876afb460c7c09c21f75d861c9c4bb6f917b6cf4f',
  ],
  [
    'an astral key (Python sorts by code point)',
    { '😀': 1, '\uffff': 2, a: 3 },
    '{"a":3,"😀":1,"\uffff":2}',
    '92a98ee3f7f8f30bd80c9d464a68ad47d46e0da2bc7da9c2b5a391e15fd1b4ff',
  ],
] as const;

describe('metadataId', () => {
  it.each(ids)('%s', (_, data, text, id) => {
    expect(canonicalJson(pruneMetadata(data).data)).toBe(text);
    expect(metadataId(data).toString('hex')).toBe(id);
  });

  it('is SHA-256 of the canonical text, in UTF-8', () => {
    expect(metadataId({ name: 'é😀' })).toEqual(createHash('sha256').update(Buffer.from('{"name":"é😀"}')).digest());
  });

  it('is the same before and after pruning', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), (value) => {
        const { data } = pruneMetadata(value);

        expect(pruneMetadata(data)).toEqual({ data, dropped: [] });
        expect(metadataId(data)).toEqual(metadataId(value));
        expect(canonicalJson(data)).not.toMatch(/null|[:[,]\{\}|[:[,]\[\]/);
      }),
      { seed: 13, numRuns: 200 },
    );
  });
});

describe('pruneMetadata', () => {
  it.each([
    ['NaN', { x: NaN, y: [NaN, 1] }, { y: [1] }],
    ['infinities', { x: Infinity, y: { z: -Infinity } }, {}],
    ['what JSON has no word for', { a: undefined, b: () => 1, c: Symbol('c'), d: 1n, ok: 1 }, { ok: 1 }],
  ])('drops %s silently', (_, value, data) => {
    expect(pruneMetadata(value)).toEqual({ data, dropped: [] });
  });

  it('drops what PostgreSQL cannot hold, and says where it was', () => {
    const value = {
      name: 'a\0b',
      description: '\ud83d',
      'k\0': 1,
      'a/b~c': { deep: ['x', 'y\0', 'z'] },
      kept: '\u0001 😀 \\u0000',
    };

    expect(pruneMetadata(value)).toEqual({
      data: { 'a/b~c': { deep: ['x', 'z'] }, kept: '\u0001 😀 \\u0000' },
      dropped: ['/name', '/description', '/k\ufffd', '/a~1b~0c/deep/1'],
    });
  });

  it('lists the first 100 of them', () => {
    const { data, dropped } = pruneMetadata({ list: Array.from({ length: 1_000 }, () => '\0') });

    expect(data).toEqual({});
    expect(dropped).toHaveLength(100);
  });

  it('keeps 50 levels', () => {
    expect(canonicalJson(pruneMetadata(nested(50)).data)).toBe(`${'{"k":'.repeat(50)}1${'}'.repeat(50)}`);
    expect(pruneMetadata(nested(51)).data).toEqual({});
    expect(pruneMetadata({ ...nested(51), name: 'kept' }).data).toEqual({ name: 'kept' });
  });

  it('survives any depth', () => {
    const value = parse(`{"k":${'['.repeat(100_000)}${']'.repeat(100_000)}}`);

    expect(pruneMetadata(value).data).toEqual({});
  });

  it('takes "__proto__" for a key like others', () => {
    const { data } = pruneMetadata(parse('{"__proto__":{"admin":true},"constructor":"x"}'));

    expect(canonicalJson(data)).toBe('{"__proto__":{"admin":true},"constructor":"x"}');
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype);
  });
});

function parse(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}

/** The number 1 below so many levels of objects. */
function nested(levels: number): Record<string, unknown> {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = { k: value };
  return value as Record<string, unknown>;
}
