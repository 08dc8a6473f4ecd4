import { describe, it, expect } from '@jest/globals';
import { readDiscovery } from './discovery-reader.js';

const D = ['d', 'wss://some.relay/'];
const event = (tags: string[][], content = '', kind = 30_166) => ({ kind, created_at: 1_700_000_000, tags, content });

describe('readDiscovery', () => {
  it("reads the form of the NIP's example", () => {
    const tags = [
      D,
      ['n', 'clearnet'],
      ['N', '40'],
      ['N', '33'],
      ['R', '!payment'],
      ['R', 'auth'],
      ['g', 'ww8p1r4t8'],
      ['l', 'en', 'ISO-639-1'],
      ['t', 'nsfw'],
      ['rtt-open', '234'],
    ];

    expect(readDiscovery(event(tags, '{}'))).toEqual({
      ok: true,
      discovery: {
        subject: 'wss://some.relay/',
        network: 'clearnet',
        roundTrips: { open: 234 },
        nips: ['40', '33'],
        requirements: { payment: false, auth: true },
        types: [],
        topics: ['nsfw'],
        document: {},
      },
    });
  });

  it.each([
    ['another kind', event([D], '', 30_165), 'kind'],
    ['no subject', event([]), 'd: missing'],
    ['a root without a slash', event([['d', 'wss://some.relay']]), 'd: wss://some.relay'],
    ['a name that is not normalised', event([['d', 'wss://Some.Relay/']]), 'd: not normalised'],
    ['two subjects', event([D, ['d', 'wss://other.relay/']]), 'd: twice'],
    ['a network of its own', event([D, ['n', 'local']]), 'n: local'],
    ['a round trip with a fraction', event([D, ['rtt-open', '1.5']]), 'rtt-open: 1.5'],
    ['several values in one tag', event([D, ['N', '1', '11']]), 'N: length'],
    ['a requirement that it has made up', event([D, ['R', 'ssl']]), 'R: ssl'],
    ['yes and no', event([D, ['R', 'auth'], ['R', '!auth']]), 'R: contradiction'],
    ['the same twice', event([D, ['t', 'a'], ['t', 'a']]), 't: twice'],
    ['a label without its namespace', event([D, ['l', 'en']]), 'l: length'],
    ['a tag that nobody knows', event([D, ['x', 'y']]), 'x: no such tag'],
    ['content that is no JSON', event([D], 'hello'), 'content'],
    ['content that is no object', event([D], '[1]'), 'content'],
    ['content beyond 16 KiB', event([D], JSON.stringify({ name: 'x'.repeat(16_384) })), 'content'],
    [
      'tags beyond 8 KiB',
      event([D, ...Array.from({ length: 40 }, (_, i) => ['t', `${i}${'x'.repeat(240)}`])]),
      'tags: too long',
    ],
  ])('refuses %s', (_, bad, fault) => {
    expect(readDiscovery(bad)).toEqual({ ok: false, faults: expect.arrayContaining([fault]) });
  });
});
