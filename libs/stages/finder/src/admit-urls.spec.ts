import { describe, expect, it } from '@jest/globals';

import { admitUrls } from './admit-urls.js';

describe('admitUrls', () => {
  const admit = (raws: string[], local = false) =>
    admitUrls(
      raws.map((raw) => ({ raw, source: 'spec' })),
      { local },
    );
  const urlsOf = (raws: string[], local?: boolean) => admit(raws, local).found.map((f) => f.url);

  it('brings URLs into their one form and keeps where they were found', () => {
    expect(admit(['WSS://Relay.Example.com:443/']).found).toEqual([
      {
        url: 'wss://relay.example.com',
        network: 'clearnet',
        host: 'relay.example.com',
        registrableDomain: 'example.com',
        source: 'spec',
      },
    ]);
  });

  it('takes URLs apart that run into each other', () => {
    expect(urlsOf(['wss://a.example.comwss://b.example.com', 'wss://c.example.com, wss://d.example.com'])).toEqual([
      'wss://a.example.com',
      'wss://b.example.com',
      'wss://c.example.com',
      'wss://d.example.com',
    ]);
  });

  it('counts by its reason what the law rejects, and goes on', () => {
    const { found, rejected } = admit(['https://a.example.com', 'http://b.example.com', '', 'wss://ok.example.com']);

    expect(found.map((f) => f.url)).toEqual(['wss://ok.example.com']);
    expect(Object.fromEntries(rejected)).toEqual({ scheme: 2 });
  });

  it('admits local addresses only when they may be discovered', () => {
    expect(urlsOf(['ws://127.0.0.1:7000', 'ws://localhost', 'ws://192.168.1.2'])).toEqual([]);
    expect(urlsOf(['ws://127.0.0.1:7000'], true)).toEqual(['ws://127.0.0.1:7000']);
    // Never, whatever is configured.
    expect(urlsOf(['ws://169.254.169.254'], true)).toEqual([]);
  });
});
