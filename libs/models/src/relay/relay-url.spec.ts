import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { MAX_RELAY_URL_LENGTH, parseRelayUrl, type RelayUrlRejection } from './relay-url.js';

const ONION = 'a'.repeat(56);
const B32 = 'a'.repeat(52);
const LOKI = 'd'.repeat(52);
/** Lokinet writes z-base-32, which has digits that RFC 4648 lacks. */
const LOKI_Z = 'dw68y1xhptqbhcm5s8aaaip6dbopykagig5q5u1za4c7pzxto77y';
const longest = 'wss://relay.example.com/'.padEnd(MAX_RELAY_URL_LENGTH, 'a');
const SEED = 20_250_101;

const clearnet = {
  addresses: [
    ['wss://8.8.8.8', 'wss://8.8.8.8'],
    ['wss://[2001:4860:4860::8888]', 'wss://[2001:4860:4860::8888]'],
    ['wss://[2606:4700::1]:8080', 'wss://[2606:4700::1]:8080'],
    ['wss://[2606:4700:4700:0000:0000:0000:0000:1111]:8080', 'wss://[2606:4700:4700::1111]:8080'],
    ['wss://100.63.255.255', 'wss://100.63.255.255'],
    ['wss://100.128.0.0', 'wss://100.128.0.0'],
    ['wss://172.15.255.255', 'wss://172.15.255.255'],
    ['wss://198.20.0.1', 'wss://198.20.0.1'],
    ['wss://169.253.1.1', 'wss://169.253.1.1'],
    ['wss://11.0.0.1', 'wss://11.0.0.1'],
    ['wss://8.8.8.8:443', 'wss://8.8.8.8'],
    ['wss://172.32.0.1', 'wss://172.32.0.1'],
  ],
  'international names': [
    ['wss://café.com:8080/inbox', 'wss://xn--caf-dma.com:8080/inbox'],
    ['wss://xn--e1afmkfd.xn--p1ai', 'wss://xn--e1afmkfd.xn--p1ai'],
    ['wss://пример.рф', 'wss://xn--e1afmkfd.xn--p1ai'],
    ['wss://café.com', 'wss://xn--caf-dma.com'],
    ['wss://münchen.de', 'wss://xn--mnchen-3ya.de'],
  ],
  'junk paths are dropped as a whole': [
    ['wss://relay.example.com/path\u0000here', 'wss://relay.example.com'],
    ['wss://relay.example.com/path%0D%0Amore', 'wss://relay.example.com'],
    ['wss://relay.example.com/%09tab', 'wss://relay.example.com'],
    ['wss://relay.damus.io/%0Awss://nos.lol', 'wss://relay.damus.io'],
    ['wss://relay.example.com/%20other', 'wss://relay.example.com'],
    ['wss://atlas.nostr.land/wss://relay.damus.io/wss://nos.lol', 'wss://atlas.nostr.land'],
    ['wss://relay.example.com/http://example.com', 'wss://relay.example.com'],
    ['wss://relay.example.com/https://example.com', 'wss://relay.example.com'],
    ['wss://relay.com/café', 'wss://relay.com'],
    ['wss://relay.example.com/%7Euser', 'wss://relay.example.com'],
    ['wss://git.sr.ht/~gheartsfield/nostr-rs-relay', 'wss://git.sr.ht'],
    ['wss://relay.example.com/%0Awss:/other', 'wss://relay.example.com'],
    ['wss://relay.example.com/%00hidden', 'wss://relay.example.com'],
    ['wss://relay.example.com/a b', 'wss://relay.example.com'],
    ['wss://chaga.us/-west', 'wss://chaga.us'],
    ['wss://relay.example.com/.well-known/x', 'wss://relay.example.com'],
    ['wss://relay.example.com/a/%2525', 'wss://relay.example.com'],
    ['wss://relay.example.com/a\\b', 'wss://relay.example.com'],
    ['wss://relay.example.com/pathwss://other.com', 'wss://relay.example.com'],
  ],
  paths: [
    ['wss://relay.example.com/api/v1/nostr', 'wss://relay.example.com/api/v1/nostr'],
    ['wss://relay.example.com:8080/nostr', 'wss://relay.example.com:8080/nostr'],
    ['wss://relay.example.com/npub1abc:groupName', 'wss://relay.example.com/npub1abc:groupName'],
    ['wss://lang.relays.land/it', 'wss://lang.relays.land/it'],
    ['wss://cache.primal.net/v1', 'wss://cache.primal.net/v1'],
    ['wss://lnbits.example.com/nostrclient/api/v1/relay', 'wss://lnbits.example.com/nostrclient/api/v1/relay'],
    ['wss://relay.example.com.:8080/path', 'wss://relay.example.com:8080/path'],
    ['wss://relay.com/a/../b', 'wss://relay.com/b'],
    ['wss://relay.com/a/b/../../c', 'wss://relay.com/c'],
    ['wss://relay.com/../a', 'wss://relay.com/a'],
    ['WSS://Relay.Example.com/Path/CaseKept', 'wss://relay.example.com/Path/CaseKept'],
    ['wss://relay.example.com///', 'wss://relay.example.com'],
    ['wss://relay.example.com/a///b//', 'wss://relay.example.com/a/b'],
    ['wss://relay.example.com/nostr', 'wss://relay.example.com/nostr'],
    ['wss://relay.example.com//nostr//', 'wss://relay.example.com/nostr'],
    ['wss://haven.example.com/inbox', 'wss://haven.example.com/inbox'],
    ['wss://hypertuna.com/npub1abc123def456/groupName', 'wss://hypertuna.com/npub1abc123def456/groupName'],
    ['wss://relay.example.com/a%2Fb', 'wss://relay.example.com/a%2Fb'],
    ['wss://relay.example.com/a_b-c.d~e', 'wss://relay.example.com/a_b-c.d~e'],
    ['wss://relay.example.com/a%2fb', 'wss://relay.example.com/a%2Fb'],
    ['wss://relay.example.com/%61%2E%62', 'wss://relay.example.com/a.b'],
    ['wss://relay.example.com/a/%2e%2E/b', 'wss://relay.example.com/b'],
    ['wss://relay.example.com/a//../b', 'wss://relay.example.com/a/b'],
    ['wss://relay.example.com/inbox%20', 'wss://relay.example.com/inbox'],
    [longest, longest],
  ],
  'user, query and fragment are dropped': [
    ['wss://relay.example.com/v1?secret=abc123', 'wss://relay.example.com/v1'],
    ['wss://relay.example.com/v1?key=val#top', 'wss://relay.example.com/v1'],
    ['wss://relay.example.com:8080?q=1', 'wss://relay.example.com:8080'],
    ['wss://relay.example.com:8080/nostr?q=1', 'wss://relay.example.com:8080/nostr'],
    ['wss://relay.example.com/v1?secret=abc&lud16=user@host.com#top', 'wss://relay.example.com/v1'],
    ['wss://user:pass@relay.example.com', 'wss://relay.example.com'],
    ['wss://user@relay.example.com/path', 'wss://relay.example.com/path'],
    ['wss://relay.example.com/?', 'wss://relay.example.com'],
    ['wss://relay.example.com/#', 'wss://relay.example.com'],
    ['wss://relay.example.com?key=value', 'wss://relay.example.com'],
    ['wss://relay.example.com#section', 'wss://relay.example.com'],
  ],
  ports: [
    ['wss://relay.example.com:8080', 'wss://relay.example.com:8080'],
    ['wss://relay.example.com:443', 'wss://relay.example.com'],
    ['wss://relay.com:1', 'wss://relay.com:1'],
    ['wss://relay.com:65535', 'wss://relay.com:65535'],
    ['wss://relay.example.com:', 'wss://relay.example.com'],
    ['wss://relay.example.com:0443', 'wss://relay.example.com'],
    ['ws://relay.example.com:443', 'wss://relay.example.com'],
    ['ws://relay.example.com:80', 'wss://relay.example.com:80'],
    ['wss://relay.example.com:08080', 'wss://relay.example.com:8080'],
  ],
  'schemes, hosts and blanks': [
    ['wss://relay.example.com', 'wss://relay.example.com'],
    ['ws://relay.example.com', 'wss://relay.example.com'],
    ['wss://relay.example.com/', 'wss://relay.example.com'],
    ['wss://nostr.relay.example.com', 'wss://nostr.relay.example.com'],
    ['wss://a_b.example.com', 'wss://a_b.example.com'],
    ['wss://relay.damus.io.', 'wss://relay.damus.io'],
    ['wss://relay.onion.example.com', 'wss://relay.onion.example.com'],
    ['wss://myonion.com', 'wss://myonion.com'],
    ['\twss://relay.example.com\n', 'wss://relay.example.com'],
    ['wss://npub1abc.example.com', 'wss://npub1abc.example.com'],
    ['  wss://relay.example.com  ', 'wss://relay.example.com'],
    ['wss://RELAY.EXAMPLE.COM', 'wss://relay.example.com'],
    ['wss://test_room.spaces.coracle.social', 'wss://test_room.spaces.coracle.social'],
    ['wss://relay%2Eexample.com', 'wss://relay.example.com'],
    [`wss://${'a'.repeat(63)}.example.com`, `wss://${'a'.repeat(63)}.example.com`],
    ['\u200bwss://relay.example.com%20%0A\ufeff', 'wss://relay.example.com'],
    ['wss://relay.example', 'wss://relay.example'],
  ],
} as const;

const overlays = {
  i2p: [
    ['wss://relay.i2p', 'ws://relay.i2p'],
    ['ws://relay.i2p/path?query', 'ws://relay.i2p/path'],
    ['wss://relay.i2p:80', 'ws://relay.i2p'],
    [`ws://${B32}.b32.i2p`, `ws://${B32}.b32.i2p`],
    [`ws://${'b'.repeat(56)}.b32.i2p`, `ws://${'b'.repeat(56)}.b32.i2p`],
  ],
  tor: [
    [`wss://${ONION}.onion`, `ws://${ONION}.onion`],
    [`ws://${ONION}.onion`, `ws://${ONION}.onion`],
    [`ws://a.b.${ONION}.onion`, `ws://a.b.${ONION}.onion`],
    [`wss://${ONION}.onion:443`, `ws://${ONION}.onion:443`],
    [`ws://relay.${ONION}.onion`, `ws://relay.${ONION}.onion`],
    [`ws://${ONION}.onion:80`, `ws://${ONION}.onion`],
    [`WSS://${ONION.toUpperCase()}.ONION./`, `ws://${ONION}.onion`],
  ],
  loki: [
    [`wss://${LOKI}.loki:80/path`, `ws://${LOKI}.loki/path`],
    [`ws://${LOKI}.loki`, `ws://${LOKI}.loki`],
    [`ws://${LOKI_Z}.loki`, `ws://${LOKI_Z}.loki`],
  ],
} as const;

const rejections: Record<RelayUrlRejection, readonly string[]> = {
  character: [
    'wss://relay.example.com"',
    'wss://exa mple.com',
    'wss://relay.example.com\\path',
    'wss://relay.example.com,other.com',
    'wss://evil.example\\@relay.example.com',
  ],
  'control-character': [
    'wss://relay\u0000.example.com',
    'wss://\u0000relay\u0000.example\u0000.com\u0000',
    'wss://relay.example.com%00',
    'wss://relay.exa\tmple.com',
    'wss://relay.example.com%7F',
  ],
  empty: ['', ' \t\n', '%20\u200b'],
  i2p: [
    'ws://.i2p',
    'ws://tooshort.b32.i2p',
    'ws://b32.i2p',
    `ws://relay.${B32}.b32.i2p`,
    `ws://${'a'.repeat(54)}.b32.i2p`,
  ],
  'ipv4-form': [
    'wss://127.1',
    'wss://0177.0.0.1',
    'wss://256.256.256.256',
    'wss://1.2.3',
    'wss://1.2.3.4.5',
    'wss://100.127.36.484/8:4848',
    'wss://2130706433',
    'wss://0x7f.0.0.1',
    'wss://relay.123',
    'wss://127.0.0.%31',
    'wss://8.8.8.%38',
    'wss://8.8.8.\uff18',
    'wss://relay.0x7f',
  ],
  'ipv6-form': [
    'wss://2606:4700::1',
    'wss://[fe80::1%25eth0]',
    'wss://[2606:4700::1',
    'wss://[2606:4700::1%eth0]',
    'wss://[relay.example.com]',
    'wss://[::1',
    'wss://[1:2:3]',
  ],
  label: [
    `ws://-bad.${ONION}.onion`,
    'wss://relay..example.com',
    'wss://-relay.example.com',
    'wss://relay-.example.com',
    'wss://relay.example.com-',
    'wss://.example.com',
    'wss://relay.example.-com',
    `wss://${'a'.repeat(64)}.com`,
    `wss://${`${'a'.repeat(60)}.`.repeat(5)}com`,
    'wss://relay.example.com..',
  ],
  local: [
    'wss://localhost',
    'wss://localhost.localdomain',
    'wss://10.255.255.255',
    'wss://172.16.0.1',
    'wss://172.31.255.255',
    'wss://192.168.255.255',
    'wss://[::1]',
    'wss://127.0.0.1.',
    'wss://100.64.0.1',
    'wss://LOCALHOST',
    'wss://localhost.',
    'wss://foo.localhost',
    'wss://localhost:7777/path',
    'wss://%6c%6f%63%61%6c%68%6f%73%74',
    'wss://127.0.0.1',
    'wss://10.0.0.1',
    'wss://192.168.1.1',
    'wss://[fc00::1]',
    'wss://relay.local',
    'wss://printer.lan',
    'wss://host.docker.internal',
    'wss://[fd12::1]',
  ],
  loki: ['wss://relay.loki', 'ws://.loki', `ws://relay.${LOKI}.loki`, `ws://${LOKI}d.loki`],
  'no-host': [
    'wss://',
    'wss:///path',
    'wss:relay.example.com',
    'wss:/relay.example.com',
    'wss://:443',
    'wss://user@/inbox',
    'wss://?relay=a',
  ],
  'not-a-url': ['wss://xn--a.example.com', 'wss://relay%2Fexample.com', 'wss://relay\ud800.example.com'],
  onion: [
    'wss://abc123.onion',
    'ws://dmsupermax.onion',
    'ws://.onion',
    'wss://abc.onion:80',
    `wss://${'a'.repeat(16)}.onion`,
    `wss://${'1'.repeat(56)}.onion`,
    `wss://x${ONION}.onion`,
  ],
  port: [
    'wss://relay.com:65536',
    'wss://relay.example.com:abc',
    'wss://relay.com:0',
    'wss://relay.example.com:80:80',
    'wss://relay.example.com:-1',
  ],
  'reserved-address': [
    'wss://[::ffff:8.8.8.8]',
    'wss://[::]',
    'wss://[ff02::1]',
    'wss://[fec0::1]',
    'wss://255.255.255.255',
    'wss://192.0.2.1',
    'wss://192.88.99.1',
    'wss://169.254.0.1',
    'wss://[fe80::1]',
    'wss://[::ffff:127.0.0.1]',
    'wss://[64:ff9b::808:808]',
    'wss://[2002:7f00:1::1]',
    'wss://[2001:db8::1]',
    'wss://0.0.0.0',
    'wss://224.0.0.1',
    'wss://240.0.0.1',
    'wss://192.0.0.1',
    'wss://198.18.0.1',
    'wss://198.51.100.7',
    'wss://169.254.169.254',
    'wss://[fd00:ec2::254]',
    'wss://100.100.100.200',
  ],
  scheme: [
    'http://relay.example.com',
    'https://relay.example.com',
    'café.com',
    '//relay.example.com',
    '"wss://relay.example.com"',
    '[wss://relay.example.com]',
    'npub1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqzqujme',
    'relay.example.com',
    '<wss://relay.example.com>',
    'nostr:nprofile1abc',
  ],
  'several-urls': [
    'wss://relay.example.com,wss://other.com',
    'wss://relay.example.com wss://other.com',
    'wss://relay.example.com\nwss://other.com',
    'wss://relay.example.comwss://other.com',
    'wss://wss://relay.example.com',
    'wss://relay.example.com|wss://other.com',
    'wss://relay.example.com/, wss://other.com',
    'wss://relay.example.com/inbox,wss://other.com',
    'wss://relay.example.com:8080https://other.com',
  ],
  'single-label': ['wss://singlehost', 'wss://invalid_host', 'wss://com.'],
  'too-long': [
    `${longest}a`,
    'wss://relay.example.com?'.padEnd(MAX_RELAY_URL_LENGTH + 1, 'a'),
    longest.replace('wss://', 'ws://') + 'a',
  ],
};

const locals = [
  ['ws://localhost:7777', 'ws://localhost:7777'],
  ['wss://localhost:7777/path/', 'wss://localhost:7777/path'],
  ['ws://LOCALHOST.:80', 'ws://localhost'],
  ['wss://localhost:443', 'wss://localhost'],
  ['ws://localhost:443', 'ws://localhost:443'],
  ['WSS://localhost:80', 'wss://localhost:80'],
  ['ws://relay.localhost', 'ws://relay.localhost'],
  ['ws://127.0.0.1:7777', 'ws://127.0.0.1:7777'],
  ['ws://127.0.0.1.', 'ws://127.0.0.1'],
  ['wss://192.168.1.1', 'wss://192.168.1.1'],
  ['ws://100.64.0.1', 'ws://100.64.0.1'],
  ['ws://[::1]:80', 'ws://[::1]'],
  ['ws://[FD12:0::1]:7777', 'ws://[fd12::1]:7777'],
  ['ws://umbrel.local:4848', 'ws://umbrel.local:4848'],
] as const;

describe('parseRelayUrl', () => {
  describe.each(Object.entries(clearnet))('clearnet: %s', (_, rows) => {
    it.each([...rows])('%j', (input, url) => {
      expect(parseRelayUrl(input)).toEqual({ ok: true, url, network: 'clearnet' });
    });
  });

  describe.each(Object.entries(overlays))('%s: always ws, port 80 left out', (network, rows) => {
    it.each([...rows])('%j', (input, url) => {
      expect(parseRelayUrl(input)).toEqual({ ok: true, url, network });
    });
  });

  describe.each(Object.entries(rejections))('rejected: %s', (reason, inputs) => {
    it.each([...inputs])('%j', (input) => {
      expect(parseRelayUrl(input)).toEqual({ ok: false, reason });
    });
  });

  describe('with local relays admitted', () => {
    it.each(locals)('%s keeps its scheme: %s', (input, url) => {
      expect(parseRelayUrl(input, { local: true })).toEqual({ ok: true, url, network: 'local' });
    });

    it.each(locals.map(([input]) => input))('%s is rejected without', (input) => {
      expect(parseRelayUrl(input)).toEqual({ ok: false, reason: 'local' });
    });

    it('judges everything else as without', () => {
      for (const [reason, inputs] of Object.entries(rejections)) {
        for (const input of inputs) {
          const { ok } = parseRelayUrl(input, { local: true });
          expect({ input, ok }).toEqual({ input, ok: reason === 'local' });
        }
      }
      expect(parseRelayUrl('ws://relay.example.com', { local: true })).toEqual(parseRelayUrl('ws://relay.example.com'));
    });
  });

  it('gives a canonical form whose canonical form is itself, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(urls, mutatedUrls, fc.string({ unit: 'binary' })), fc.boolean(), (input, local) => {
        const result = parseRelayUrl(input, { local });
        if (!result.ok) return;
        expect(parseRelayUrl(result.url, { local })).toEqual(result);
        expect(result.url).toMatch(/^wss?:\/\/[a-z0-9._:[\]-]+(?:\/[\w.~:%/-]*[^/])?$/);
        expect(result.url.length).toBeLessThanOrEqual(MAX_RELAY_URL_LENGTH);
        expect(result.url.startsWith('wss:') || result.network !== 'clearnet').toBe(true);
        expect(result.network === 'local' && !local).toBe(false);
        // What connects later reads the URL by the standard: both must see the same host.
        expect(new URL(result.url).href.replace(/\/$/, '')).toBe(result.url);
      }),
      { seed: SEED, numRuns: 3_000 },
    );
  });

  it('admits enough of the generated URLs for that to mean something', () => {
    const admitted = fc
      .sample(urls, { seed: SEED, numRuns: 500 })
      .filter((url) => parseRelayUrl(url, { local: true }).ok);

    expect(admitted.length).toBeGreaterThan(150);
  });

  it.each([
    ['escaped blanks', `wss://relay.example.com/${'%20'.repeat(600)}x`],
    ['invisible blanks', `wss://relay.example.com/${'\u200b'.repeat(2000)}x`],
    ['labels', `wss://${'a-'.repeat(1000)}.com`],
    ['segments', `wss://relay.example.com/${'a-'.repeat(1000)}!`],
    ['dots', `wss://${'a.'.repeat(1000)}`],
    ['blanks before the limit applies', `${' '.repeat(100_000)}wss://relay.example.com${' '.repeat(100_000)}`],
  ])('takes no time to speak of over many %s', (_, input) => {
    const start = process.cpuUsage();
    for (let round = 0; round < 100; round += 1) parseRelayUrl(input);

    expect(process.cpuUsage(start).user / 1_000).toBeLessThan(700);
  });
});

const hosts = fc.oneof(
  fc.domain(),
  fc.ipV4(),
  fc.ipV4Extended(),
  fc.ipV6().map((ip) => `[${ip}]`),
  fc.constantFrom('localhost', 'relay.localhost', `${ONION}.onion`, `a.${ONION}.onion`, `${B32}.b32.i2p`, 'relay.i2p'),
  fc.constantFrom(
    `${LOKI}.loki`,
    'xn--caf-dma.com',
    'relay%2eexample.com',
    '8.8.8.8.',
    '[::ffff:8.8.8.8]',
    '[2606::1:0:0]',
  ),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).map((label) => `${label}.com`),
);
const paths = fc.array(
  fc.oneof(fc.constantFrom('..', '.', '', 'a%2fb', '%41', '%7e', 'a:b', 'wss:', 'é'), fc.webSegment()),
  {
    maxLength: 5,
  },
);
const urls = fc
  .record({
    scheme: fc.constantFrom('ws', 'wss', 'WSS', 'Ws'),
    user: fc.constantFrom('', 'user:pass@', 'a@b@'),
    host: hosts,
    port: fc.oneof(
      fc.constantFrom('', ':', ':80', ':0443'),
      fc.nat(70_000).map((port) => `:${port}`),
    ),
    path: paths.map((segments) => segments.map((segment) => `/${segment}`).join('')),
    rest: fc.constantFrom('', '?', '?a=b', '#c', ' ', '%20', '/'),
  })
  .map(({ scheme, user, host, port, path, rest }) => `${scheme}://${user}${host}${port}${path}${rest}`);
const junk = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 3 }),
  fc.constantFrom(
    '\0',
    '\\',
    '@',
    ':',
    '//',
    '%',
    '%00',
    '%2e',
    '.',
    ',',
    '|',
    'wss://',
    '[',
    ']',
    '\u3002',
    '\u00ad',
    '\ud800',
    'xn--',
  ),
);
const mutatedUrls = fc
  .tuple(urls, fc.nat(), fc.nat(3), junk)
  .map(([url, at, cut, text]) => url.slice(0, at % (url.length + 1)) + text + url.slice((at % (url.length + 1)) + cut));
