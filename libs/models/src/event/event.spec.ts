import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { hasNul, parseEvent } from './event.js';

const valid = {
  id: 'a'.repeat(64),
  pubkey: '0123456789abcdef'.repeat(4),
  created_at: 1_700_000_000,
  kind: 1,
  tags: [['t', 'nostr']],
  content: 'hello',
  sig: 'c'.repeat(128),
};

describe('parseEvent', () => {
  it.each([
    ['plain text', {}],
    ['empty content', { content: '' }],
    ['any text in content', { content: 'café ⚡ 🚀' }],
    ['NUL in content', { content: 'Hello\0World' }],
    ['NUL in a tag value', { tags: [['t', 'tag\0value']] }],
    ['NUL in a tag name', { tags: [['t\0', 'v']] }],
    ['no tags', { tags: [] }],
    ['an empty tag', { tags: [[]] }],
    ['a tag of five items', { tags: [['a', 'b', 'c', 'd', 'e']] }],
    ['100 tags', { tags: Array.from({ length: 100 }, (_, at) => ['t', `tag${at}`]) }],
    ['a tag value of 2,048 characters', { tags: [['t', 'x'.repeat(2_048)]] }],
    ['a tag value of 2,049 characters', { tags: [['t', 'x'.repeat(2_049)]] }],
    ['a long value of a tag that nobody indexes', { tags: [['client', 'x'.repeat(5_000)]] }],
    ['100,000 characters of content', { content: 'x'.repeat(100_000) }],
    ['kind 0', { kind: 0 }],
    ['kind 65535', { kind: 65_535 }],
    ['created_at 0', { created_at: 0 }],
    ['a negative created_at', { created_at: -1 }],
    ['created_at in milliseconds', { created_at: 1_700_000_000_000 }],
    ['created_at 2^53 - 1', { created_at: Number.MAX_SAFE_INTEGER }],
  ])('accepts %s', (_, change) => {
    const event = { ...valid, ...change };

    expect(parseEvent(event)).toEqual({ ok: true, event });
  });

  it.each([
    ['not-an-object', 'null', null],
    ['not-an-object', 'a list', [valid]],
    ['not-an-object', 'text', JSON.stringify(valid)],
    ['not-an-object', 'nothing', undefined],
    ['id', 'no id', { ...valid, id: undefined }],
    ['id', 'an upper-case id', { ...valid, id: 'A'.repeat(64) }],
    ['id', 'an id with 0x', { ...valid, id: `0x${'a'.repeat(62)}` }],
    ['id', 'a short id', { ...valid, id: 'a'.repeat(63) }],
    ['id', 'an id with a newline', { ...valid, id: `${'a'.repeat(63)}\n` }],
    ['id', 'a list of 64 ids', { ...valid, id: Array.from({ length: 64 }, () => 'a') }],
    ['pubkey', 'a compressed key', { ...valid, pubkey: '02'.padEnd(66, 'a') }],
    ['pubkey', 'an upper-case digit in the key', { ...valid, pubkey: `${'a'.repeat(63)}F` }],
    ['sig', 'a short signature', { ...valid, sig: 'c'.repeat(64) }],
    ['sig', 'an upper-case signature', { ...valid, sig: 'C'.repeat(128) }],
    ['created-at', 'text as time', { ...valid, created_at: '1700000000' }],
    ['created-at', 'a fraction', { ...valid, created_at: 1.5 }],
    ['created-at', 'digits beyond 2^53', { ...valid, created_at: 2 ** 53 }],
    ['created-at', 'no number', { ...valid, created_at: NaN }],
    ['kind', 'a negative kind', { ...valid, kind: -1 }],
    ['kind', 'kind 65536', { ...valid, kind: 65_536 }],
    ['kind', 'a fraction of a kind', { ...valid, kind: 1.1 }],
    ['kind', 'a kind as text', { ...valid, kind: '1' }],
    ['tags', 'no tags', { ...valid, tags: undefined }],
    ['tags', 'tags as an object', { ...valid, tags: { 0: ['t'], length: 1 } }],
    ['tags', 'a tag as text', { ...valid, tags: ['t'] }],
    ['tags', 'a number in a tag', { ...valid, tags: [['e', 5]] }],
    ['tags', 'null in a tag', { ...valid, tags: [['e', null]] }],
    ['tags', 'a list in a tag', { ...valid, tags: [['e', ['x']]] }],
    ['content', 'no content', { ...valid, content: null }],
    ['surrogate', 'half a character in content', { ...valid, content: 'a\ud83d' }],
    ['surrogate', 'half a character in a tag', { ...valid, tags: [['t', '\ude00a']] }],
  ])('rejects for %s: %s', (reason, _, value) => {
    expect(parseEvent(value)).toEqual({ ok: false, reason });
  });

  it('leaves unknown fields behind', () => {
    expect(parseEvent({ ...valid, seen_on: ['wss://relay.example.com'], ots: '' })).toEqual({ ok: true, event: valid });
  });

  it('never throws on what JSON can say', () => {
    const field = fc.oneof(fc.jsonValue(), fc.constantFrom<unknown>(...Object.values(valid)));
    const almost = fc.record(Object.fromEntries(Object.keys(valid).map((name) => [name, field])), { requiredKeys: [] });
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), almost), (value) => {
        const result = parseEvent(value);
        if (result.ok) expect(value).toMatchObject({ ...result.event });
      }),
      { seed: 11, numRuns: 1_000 },
    );
  });
});

describe('hasNul', () => {
  it.each([
    [false, { content: 'a\\u0000b' }],
    [true, { content: 'a\0b' }],
    [
      true,
      {
        tags: [
          ['t', 'a'],
          ['e', 'x', '\0'],
        ],
      },
    ],
    [true, { tags: [['\0']] }],
  ])('%s for %j', (expected, change) => {
    expect(hasNul({ ...valid, ...change })).toBe(expected);
  });
});
