import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { FilterSchema, filterKey, matchesFilter, type Filter } from './filter.js';

const KEY_A = 'a'.repeat(64);
const KEY_B = 'b'.repeat(64);

describe('FilterSchema', () => {
  it.each<Filter>([
    {},
    { kinds: [0, 65_535] },
    { authors: [KEY_A] },
    { ids: [KEY_A, KEY_B] },
    { since: 0, until: 1, limit: 1 },
    { since: 5, until: 5, limit: 5_000 },
    { '#t': ['nostr', ''], '#R': ['wss://relay.example.com'] },
    { '#e': [KEY_A], '#p': [KEY_B] },
  ])('accepts %j as it is', (filter) => {
    expect(FilterSchema.parse(filter)).toEqual(filter);
  });

  it.each([
    { kinds: [-1] },
    { kinds: [65_536] },
    { kinds: [1.5] },
    { kinds: [] },
    { kinds: 1 },
    { authors: ['abc'] },
    { authors: ['g'.repeat(64)] },
    { authors: ['A'.repeat(64)] },
    { authors: [] },
    { ids: [`${KEY_A}\n`] },
    { limit: 0 },
    { limit: 5_001 },
    { since: -1 },
    { until: 0 },
    { since: 2, until: 1 },
    { '#t': [] },
    { '#t': [1] },
    { '#e': ['abc'] },
    { '#tt': ['a'] },
    { '#1': ['a'] },
    { '#': ['a'] },
    { search: 'nostr' },
    { kind: 1 },
    null,
    [],
  ])('rejects %j', (filter) => {
    expect(FilterSchema.safeParse(filter).success).toBe(false);
  });

  it('names an unknown field', () => {
    expect(FilterSchema.safeParse({ kind: 1 }).error?.issues).toMatchObject([
      { code: 'unrecognized_keys', keys: ['kind'] },
    ]);
  });
});

describe('matchesFilter', () => {
  const event = {
    id: KEY_A,
    pubkey: KEY_B,
    created_at: 100,
    kind: 1,
    tags: [['t', 'nostr'], ['e'], ['e', KEY_A, 'wss://relay.example.com'], ['client', 'x']],
    content: '',
    sig: 'c'.repeat(128),
  };

  it.each<[boolean, Filter]>([
    [true, {}],
    [true, { limit: 0 }],
    [true, { since: 100, until: 100 }],
    [false, { since: 101 }],
    [false, { until: 99 }],
    [true, { kinds: [0, 1] }],
    [false, { kinds: [0] }],
    [false, { kinds: [] }],
    [true, { authors: [KEY_A, KEY_B] }],
    [false, { authors: [KEY_A] }],
    [true, { ids: [KEY_A] }],
    [false, { ids: [KEY_B] }],
    [false, { ids: [KEY_A.slice(0, 8)] }],
    [true, { '#t': ['bitcoin', 'nostr'] }],
    [false, { '#t': ['Nostr'] }],
    [false, { '#t': [] }],
    [true, { '#e': [KEY_A] }],
    [false, { '#e': ['wss://relay.example.com'] }],
    [false, { '#p': [KEY_B] }],
    [false, { '#r': ['nostr', KEY_A] }],
    [true, { '#t': ['nostr'], '#e': [KEY_A] }],
    [false, { '#t': ['nostr'], '#e': [KEY_B] }],
    [false, { kinds: [1], since: 101 }],
  ])('%s for %j', (expected, filter) => {
    expect(matchesFilter(filter, event)).toBe(expected);
  });
});

describe('filterKey', () => {
  it.each<[Filter, string]>([
    [{}, '{}'],
    [{ since: 1, until: 2, limit: 3 }, '{}'],
    [{ kinds: [10, 9, 9], since: 5 }, '{"kinds":[9,10]}'],
    [{ kinds: [1], '#t': ['b', 'a', 'b'] }, '{"#t":["a","b"],"kinds":[1]}'],
    [{ authors: [KEY_B, KEY_A] }, `{"authors":["${KEY_A}","${KEY_B}"]}`],
  ])('%j: %s', (filter, key) => {
    expect(filterKey(filter)).toBe(key);
  });

  it('is the same whatever the order and the window', () => {
    const letters = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1 });
    const parts = fc.record(
      { kinds: fc.uniqueArray(fc.nat(20), { minLength: 1 }), '#t': letters, '#R': letters },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(parts, fc.nat(), (filter, since) => {
        const turned = Object.fromEntries(
          Object.entries(filter)
            .reverse()
            .map(([field, values]) => [field, [...values].reverse()]),
        );

        expect(filterKey({ since, ...turned })).toBe(filterKey(filter));
      }),
      { seed: 3, numRuns: 200 },
    );
  });

  it('is short enough to be indexed, and still tells filters apart', () => {
    const many = Array.from({ length: 1_000 }, (_, at) => at.toString(16).padStart(64, '0'));

    expect(filterKey({ authors: many })).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(filterKey({ authors: many })).not.toBe(filterKey({ authors: many.slice(1) }));
    expect(filterKey({ authors: many })).toBe(filterKey({ authors: many.toReversed() }));
  });
});
