import { canonicalJson, discoveryUrl, pruneMetadata, type Network, type RelayUrl } from '@bigbrotr/models';
import type { RelayInformation } from '../nip11/document.js';
import type { EventTemplate } from '../nip42/auth.js';
import { relayAccess, relayTypes, type RelayAccess } from './access.js';
import type { DnsData, GeoData, HttpData, NetData, RttData, SslData } from './checks.js';
import type { RttLogs } from './rtt.js';

export const DISCOVERY_KIND = 30_166;

/** Everything that one round found out about a relay that answered in it. */
export interface DiscoveryFacts {
  readonly url: RelayUrl;
  readonly network: Network;
  /** Unix seconds of the round. */
  readonly checkedAt: number;
  readonly rtt?: RttData;
  /** How the phases went, where the refusals tell what the relay demands. */
  readonly logs?: RttLogs;
  readonly information?: RelayInformation;
  readonly ssl?: SslData;
  readonly dns?: DnsData;
  readonly geo?: GeoData;
  readonly net?: NetData;
  readonly http?: HttpData;
  /** NIPs that were tried, and whether they were found to work. */
  readonly support?: Readonly<Record<string, boolean>>;
}

/** Relays commonly refuse events of more than 64 KiB, and documents are strangers' words. */
const MAX_CONTENT_BYTES = 16 * 1024;
const MAX_TAG_BYTES = 8 * 1024;
const MAX_VALUE_CHARS = 256;
/** A document may list anything: so many values of one tag are kept. */
const MAX_REPEATS = 100;

type Tag = string[];

/** A relay discovery event (NIP-66) before its signature: the same facts give the same event. */
export function discoveryEvent(facts: DiscoveryFacts): EventTemplate {
  const tags = [
    ['d', discoveryUrl(facts.url)],
    ...networkTag(facts.network),
    ...rttTags(facts.rtt),
    ...accessTags(facts),
    ...factTags(facts),
  ];
  return {
    kind: DISCOVERY_KIND,
    created_at: facts.checkedAt,
    tags: fit(tags),
    content: documentText(facts.information),
  };
}

/** Tags of what the relay supports, is about and demands: N, l, t, R, T. */
export function accessTags({
  information,
  logs,
  support = {},
}: Pick<DiscoveryFacts, 'information' | 'logs' | 'support'>): Tag[] {
  const nips = supportedNips(information, support);
  const access = relayAccess(information, logs);
  return [
    ...Array.from(nips, (nip) => ['N', String(nip)]),
    ...languages(information).map((language) => ['l', language, 'ISO-639-1']),
    ...repeated('t', information?.tags),
    ...(access ? [...requirementTags(access), ...relayTypes(access, nips).map((type) => ['T', type])] : []),
  ];
}

function networkTag(network: Network): Tag[] {
  // The NIP has no word for a private network.
  return network === 'local' ? [] : [['n', network]];
}

function rttTags({ rtt_open, rtt_read, rtt_write }: RttData = {}): Tag[] {
  return [...single('rtt-open', rtt_open), ...single('rtt-read', rtt_read), ...single('rtt-write', rtt_write)];
}

function requirementTags({ auth, payment, writes, pow }: RelayAccess): Tag[] {
  return Object.entries({ auth, payment, writes, pow }).map(([name, holds]) => ['R', holds ? name : `!${name}`]);
}

/** Claims of the document, put right where we tried. */
function supportedNips(
  information: RelayInformation | undefined,
  support: Readonly<Record<string, boolean>>,
): Set<number> {
  const claimed = (information?.supported_nips ?? []).filter(
    (nip) => nip >= 1 && nip <= 9_999 && support[nip] !== false,
  );
  const found = Object.keys(support).filter((nip) => support[nip] === true);
  return new Set([...claimed, ...found.map(Number)].sort((a, b) => a - b).slice(0, MAX_REPEATS));
}

/** Two-letter codes, each once; none for a relay that is open to all. */
function languages(information: RelayInformation | undefined): string[] {
  const spoken = information?.language_tags ?? [];
  if (spoken.includes('*')) return [];
  const primary = spoken.map((tag) => tag.split('-', 1)[0]?.toLowerCase() ?? '');
  return [...new Set(primary.filter((code) => /^[a-z]{2}$/.test(code)))];
}

/** Beyond the NIP: what monitors in the wild publish and clients read. */
function factTags({ ssl, net, dns, geo, http, information }: DiscoveryFacts): Tag[] {
  return [
    ...(ssl ? [['ssl', ssl.ssl_valid ? 'valid' : '!valid']] : []),
    ...single('ssl-expires', ssl?.ssl_expires),
    ...single('ssl-issuer', ssl?.ssl_issuer ?? ssl?.ssl_issuer_cn),
    ...single('net-ip', net?.net_ip),
    ...single('net-ipv6', net?.net_ipv6),
    ...single('net-asn', net?.net_asn),
    ...single('net-asn-org', net?.net_asn_org),
    ...single('dns-ip', dns?.dns_ips?.[0]),
    ...single('dns-ip6', dns?.dns_ips_v6?.[0]),
    ...single('dns-cname', dns?.dns_cname),
    ...single('dns-ttl', dns?.dns_ttl),
    ...single('http-server', http?.http_server),
    ...single('http-powered-by', http?.http_powered_by),
    ...single('g', geo?.geo_hash),
    ...single('geo-country', geo?.geo_country),
    ...single('geo-city', geo?.geo_city),
    ...single('geo-lat', geo?.geo_lat),
    ...single('geo-lon', geo?.geo_lon),
    ...single('geo-tz', geo?.geo_tz),
    ...labels({
      'ISO-3166-1': geo?.geo_country,
      'nip66.label.city': geo?.geo_city,
      'IANA-tz': geo?.geo_tz,
      'IANA-asn': net?.net_asn,
    }),
    ...repeated('W', information?.attributes),
  ];
}

function labels(values: Readonly<Record<string, string | number | undefined>>): Tag[] {
  return Object.entries(values).flatMap(([namespace, value]) =>
    value === undefined ? [] : [['l', clean(value), namespace]],
  );
}

function single(name: string, value: string | number | undefined): Tag[] {
  const text = value === undefined ? '' : clean(value);
  return text === '' ? [] : [[name, text]];
}

function repeated(name: string, values: readonly string[] = []): Tag[] {
  const texts = new Set(values.map(clean).filter((text) => text !== ''));
  return Array.from(texts, (text) => [name, text]).slice(0, MAX_REPEATS);
}

function clean(value: string | number): string {
  return (
    String(value)
      .replace(/[\p{Cc}\p{Surrogate}]/gu, '')
      .trim()
      .slice(0, MAX_VALUE_CHARS)
      // A cut through a surrogate pair.
      .replace(/\p{Surrogate}/gu, '')
      .trim()
  );
}

/** Tags in order while there is room; one that is too long gives way to shorter ones after it. */
function fit(tags: readonly Tag[]): Tag[] {
  let left = MAX_TAG_BYTES - 2;
  return tags.filter((tag) => {
    const bytes = Buffer.byteLength(JSON.stringify(tag)) + 1;
    if (bytes > left) return false;
    left -= bytes;
    return true;
  });
}

function documentText(information: RelayInformation | undefined): string {
  if (information === undefined) return '';
  const text = canonicalJson(pruneMetadata(information).data);
  return text === '{}' || Buffer.byteLength(text) > MAX_CONTENT_BYTES ? '' : text;
}
