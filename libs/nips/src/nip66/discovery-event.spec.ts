import { describe, it, expect } from '@jest/globals';
import { parseRelayUrl, type RelayUrl } from '@bigbrotr/models';
import fc from 'fast-check';
import { readRelayDocument } from '../nip11/document.js';
import { discoveryEvent, type DiscoveryFacts } from './discovery-event.js';
import { readDiscovery } from './discovery-reader.js';

const AT = 1_700_000_000;

function urlOf(text: string): RelayUrl {
  const parsed = parseRelayUrl(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.url;
}

const FULL: DiscoveryFacts = {
  url: urlOf('wss://relay.example.com'),
  network: 'clearnet',
  checkedAt: AT,
  rtt: { rtt_open: 100, rtt_read: 80, rtt_write: 90 },
  logs: { open_success: true, read_success: true, write_success: true },
  information: { name: 'A relay', supported_nips: [1, 11], tags: ['music'], attributes: ['Fast'] },
  ssl: { ssl_valid: true, ssl_expires: AT + 86_400, ssl_issuer: 'Example Trust' },
  dns: {
    dns_ips: ['192.0.2.1', '192.0.2.2'],
    dns_ips_v6: ['2001:db8::1'],
    dns_cname: 'edge.example.net',
    dns_ttl: 300,
  },
  geo: {
    geo_country: 'NL',
    geo_city: 'Amsterdam',
    geo_lat: 52.4,
    geo_lon: 4.9,
    geo_tz: 'Europe/Amsterdam',
    geo_hash: 'u173zq0',
  },
  net: { net_ip: '192.0.2.1', net_ipv6: '2001:db8::1', net_asn: 64_496, net_asn_org: 'Example Net' },
  http: { http_server: 'nginx/1.24.0', http_powered_by: 'Express' },
  support: { '42': true },
};

describe('discoveryEvent', () => {
  it('says everything that was found', () => {
    const event = discoveryEvent(FULL);

    expect(event).toEqual({
      kind: 30_166,
      created_at: AT,
      content: '{"attributes":["Fast"],"name":"A relay","supported_nips":[1,11],"tags":["music"]}',
      tags: [
        ['d', 'wss://relay.example.com/'],
        ['n', 'clearnet'],
        ['rtt-open', '100'],
        ['rtt-read', '80'],
        ['rtt-write', '90'],
        ['N', '1'],
        ['N', '11'],
        ['N', '42'],
        ['t', 'music'],
        ['R', '!auth'],
        ['R', '!payment'],
        ['R', '!writes'],
        ['R', '!pow'],
        ['T', 'PublicInbox'],
        ['ssl', 'valid'],
        ['ssl-expires', '1700086400'],
        ['ssl-issuer', 'Example Trust'],
        ['net-ip', '192.0.2.1'],
        ['net-ipv6', '2001:db8::1'],
        ['net-asn', '64496'],
        ['net-asn-org', 'Example Net'],
        ['dns-ip', '192.0.2.1'],
        ['dns-ip6', '2001:db8::1'],
        ['dns-cname', 'edge.example.net'],
        ['dns-ttl', '300'],
        ['http-server', 'nginx/1.24.0'],
        ['http-powered-by', 'Express'],
        ['g', 'u173zq0'],
        ['geo-country', 'NL'],
        ['geo-city', 'Amsterdam'],
        ['geo-lat', '52.4'],
        ['geo-lon', '4.9'],
        ['geo-tz', 'Europe/Amsterdam'],
        ['l', 'NL', 'ISO-3166-1'],
        ['l', 'Amsterdam', 'nip66.label.city'],
        ['l', 'Europe/Amsterdam', 'IANA-tz'],
        ['l', '64496', 'IANA-asn'],
        ['W', 'Fast'],
      ],
    });
    expect(readDiscovery(event)).toMatchObject({
      ok: true,
      discovery: { roundTrips: { open: 100, read: 80, write: 90 }, requirements: { auth: false, writes: false } },
    });
  });

  it.each([
    ['wss://relay.example.com/path', 'wss://relay.example.com/path'],
    ['wss://relay.example.com:8443', 'wss://relay.example.com:8443/'],
  ])('names %s as %s', (url, subject) => {
    const read = readDiscovery(discoveryEvent({ url: urlOf(url), network: 'clearnet', checkedAt: AT }));

    expect(read).toMatchObject({ ok: true, discovery: { subject } });
  });

  it('leaves out a document that is too long, and tags beyond 8 KiB, the least important first', () => {
    const words = Array.from({ length: 200 }, (_, i) => `${i}-${'w'.repeat(200)}`);
    const event = discoveryEvent({ ...FULL, information: { supported_nips: [1], tags: words, attributes: words } });

    expect(event.content).toBe('');
    expect(readDiscovery(event)).toMatchObject({ ok: true, discovery: { nips: ['1', '42'] } });
    expect(event.tags).not.toContainEqual(['W', words[0]]);
  });

  it('cuts long words, and not through a character', () => {
    const event = discoveryEvent({ ...FULL, http: { http_server: `${'x'.repeat(255)}\u{1f600}` } });

    expect(event.tags).toContainEqual(['http-server', 'x'.repeat(255)]);
  });

  it('stays within the NIP whatever strangers serve', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.constantFrom('\u0000', ' ', '*', 'en', '\ud800'),
    );
    const document = fc.record(
      {
        name: text,
        supported_nips: fc.array(fc.oneof(fc.integer(), fc.integer({ min: 0, max: 99 }))),
        tags: fc.array(text),
        attributes: fc.array(text),
        language_tags: fc.array(text),
        limitation: fc.record({ auth_required: fc.boolean(), min_pow_difficulty: fc.integer() }),
      },
      { requiredKeys: [] },
    );
    const property = fc.property(document, text, text, (served, server, reason) => {
      const { information } = readRelayDocument(served);
      const http = { http_server: server };
      const logs = { open_success: true, write_success: false, write_reason: reason };
      expect(readDiscovery(discoveryEvent({ ...FULL, information, http, logs }))).toMatchObject({ ok: true });
    });
    fc.assert(property, { seed: 66, numRuns: 300 });
  });
});
