import { describe, expect, it } from '@jest/globals';

import { parseRelayUrl } from './relay-url.js';
import { splitGluedUrls } from './split-glued-urls.js';

describe('splitGluedUrls', () => {
  it.each([
    ['wss://a.example', ['wss://a.example']],
    ['wss://a.example,wss://b.example', ['wss://a.example', 'wss://b.example']],
    ['wss://a.example wss://b.example', ['wss://a.example', 'wss://b.example']],
    ['\nwss://a.example\n\twss://b.example/ ', ['wss://a.example', 'wss://b.example/']],
    ['wss://a.example | ws://b.example; wss://c.example', ['wss://a.example', 'ws://b.example', 'wss://c.example']],
    ['wss://a.examplewss://b.example', ['wss://a.example', 'wss://b.example']],
    ['WSS://A.exampleWs://b.example', ['WSS://A.example', 'Ws://b.example']],
    ['wss://a.example/wss://b.example/wss://c.example', ['wss://a.example/', 'wss://b.example/', 'wss://c.example']],
    ['wss://a.example/%0Awss://b.example', ['wss://a.example/%0A', 'wss://b.example']],
    ['wss://a.example/inbox?relay=wss://b.example', ['wss://a.example/inbox?relay=', 'wss://b.example']],
    ['wss://a.examplehttps://b.example', ['wss://a.example', 'https://b.example']],
    ['wss://wss://a.example', ['wss://a.example']],
    ['wss://a.example,b.example', ['wss://a.example', 'b.example']],
    ['relay.example', ['relay.example']],
    ['', []],
    [' , | ', []],
    ['wss://', []],
  ])('%j', (text, pieces) => {
    expect(splitGluedUrls(text)).toEqual(pieces);
  });

  it('makes of a text that the law calls several URLs pieces that it admits', () => {
    const text = 'wss://a.example.com,wss://b.example.com|wss://c.example.comwss://d.example.com';

    expect(parseRelayUrl(text)).toEqual({ ok: false, reason: 'several-urls' });
    expect(splitGluedUrls(text).map((piece) => parseRelayUrl(piece).ok)).toEqual([true, true, true, true]);
  });

  it('is bounded', () => {
    expect(splitGluedUrls('wss://a.example,'.repeat(1_000))).toHaveLength(64);
    expect(splitGluedUrls('x'.repeat(1_000_000))[0]).toHaveLength(16_384);
  });
});
