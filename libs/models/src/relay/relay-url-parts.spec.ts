import { describe, expect, it } from '@jest/globals';

import { discoveryUrl, registrableDomain, relayHostKey, relayUrlParts } from './relay-url-parts.js';
import { parseRelayUrl, type RelayUrl } from './relay-url.js';

const ONION = 'a'.repeat(56);
const B32 = 'a'.repeat(52);

describe('relayUrlParts', () => {
  it('takes a URL apart', () => {
    expect(relayUrlParts(canonical('wss://a.relay.example.co.uk:8443/inbox'))).toEqual({
      scheme: 'wss',
      host: 'a.relay.example.co.uk',
      port: 8443,
      path: '/inbox',
      network: 'clearnet',
      hostKey: 'a.relay.example.co.uk:8443',
      registrableDomain: 'example.co.uk',
    });
  });

  it('gives sockets IPv6 without brackets, and keys with them', () => {
    expect(relayUrlParts(canonical('wss://[2606:4700::1]'))).toEqual({
      scheme: 'wss',
      host: '2606:4700::1',
      port: 443,
      path: '/',
      network: 'clearnet',
      hostKey: '[2606:4700::1]:443',
    });
  });

  it.each([
    ['wss://relay.example.com', 'clearnet', 443],
    ['wss://8.8.8.8:80', 'clearnet', 80],
    [`ws://${ONION}.onion`, 'tor', 80],
    [`ws://${ONION}.onion:443`, 'tor', 443],
    ['ws://relay.i2p', 'i2p', 80],
    [`ws://${B32}.loki`, 'loki', 80],
    ['ws://localhost:7777', 'local', 7777],
    ['wss://127.0.0.1', 'local', 443],
    ['ws://[fd12::1]', 'local', 80],
    ['ws://umbrel.local', 'local', 80],
  ])('%s is of network %s, port %d', (url, network, port) => {
    expect(relayUrlParts(canonical(url))).toMatchObject({ network, port });
  });

  it('agrees with the law about the network', () => {
    for (const url of ['wss://relay.example.com', 'ws://10.0.0.1', `ws://${B32}.b32.i2p`, 'wss://[::1]:7777/a']) {
      const parsed = parseRelayUrl(url, { local: true });
      expect(parsed).toMatchObject({ ok: true, network: relayUrlParts(canonical(url)).network });
    }
  });

  it('throws on what never was canonical', () => {
    expect(() => relayUrlParts('relay.example.com' as RelayUrl)).toThrow(TypeError);
  });
});

describe('relayHostKey', () => {
  it.each([
    ['wss://relay.example.com', 'relay.example.com:443'],
    ['wss://relay.example.com/inbox', 'relay.example.com:443'],
    ['wss://relay.example.com:80', 'relay.example.com:80'],
    ['ws://[::1]:7777', '[::1]:7777'],
  ])('%s: %s', (url, key) => {
    expect(relayHostKey(canonical(url))).toBe(key);
  });
});

describe('registrableDomain', () => {
  it.each([
    ['relay.example.com', 'example.com'],
    ['example.com', 'example.com'],
    ['a.b.example.co.uk', 'example.co.uk'],
    ['co.uk', 'co.uk'],
    ['a.tenant.fly.dev', 'tenant.fly.dev'],
    ['test_room.spaces.coracle.social', 'coracle.social'],
    ['a.xn--e1afmkfd.xn--p1ai', 'xn--e1afmkfd.xn--p1ai'],
    ['relay.made.up.nosuchsuffix', 'up.nosuchsuffix'],
    [`a.b.${ONION}.onion`, `${ONION}.onion`],
    ['a.relay.i2p', 'relay.i2p'],
    [`${B32}.b32.i2p`, `${B32}.b32.i2p`],
    [`${B32}.loki`, `${B32}.loki`],
    ['8.8.8.8', undefined],
    ['[2606:4700::1]', undefined],
    ['localhost', undefined],
  ])('%s: %s', (host, domain) => {
    expect(registrableDomain(host)).toBe(domain);
  });
});

describe('discoveryUrl', () => {
  it.each([
    ['wss://relay.example.com', 'wss://relay.example.com/'],
    ['wss://relay.example.com:8080', 'wss://relay.example.com:8080/'],
    ['wss://[2606:4700::1]', 'wss://[2606:4700::1]/'],
    ['wss://relay.example.com/inbox', 'wss://relay.example.com/inbox'],
  ])('%s: %s', (url, tag) => {
    expect(discoveryUrl(canonical(url))).toBe(tag);
    expect(parseRelayUrl(tag)).toMatchObject({ url });
  });
});

function canonical(url: string): RelayUrl {
  const parsed = parseRelayUrl(url, { local: true });
  if (!parsed.ok || parsed.url !== url) throw new Error(`not canonical: ${url}`);
  return parsed.url;
}
