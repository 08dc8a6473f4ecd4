import type { NostrEvent } from '@bigbrotr/models';

/** What a relay discovery event (NIP-66, kind 30166) says, by the NIP's own table of tags. */
export interface Discovery {
  /** Of the relay, or the public key of a relay without one. */
  readonly subject: string;
  readonly network: string | undefined;
  readonly roundTrips: Readonly<Record<string, number>>;
  readonly nips: readonly string[];
  readonly requirements: Readonly<Record<string, boolean>>;
  readonly types: readonly string[];
  readonly topics: readonly string[];
  readonly document: Readonly<Record<string, unknown>> | undefined;
}

export type DiscoveryResult =
  { readonly ok: true; readonly discovery: Discovery } | { readonly ok: false; readonly faults: readonly string[] };

type Event = Pick<NostrEvent, 'kind' | 'created_at' | 'tags' | 'content'>;

interface Rule {
  readonly value: RegExp;
  /** May stand more than once, with different values. */
  readonly many?: true;
  /** Elements after the name; default 1. */
  readonly length?: number;
}

const PLAIN = /^[^\p{Cc}]{1,256}$/u;
const WHOLE = /^(?:0|[1-9]\d{0,9})$/;
const DEGREES = /^-?\d{1,3}(?:\.\d+)?$/;

/** A shape for each tag of the NIP, then for each that is in wide use. */
const RULES = new Map<string, Rule>([
  ['d', { value: /^(?:wss?:\/\/[^/\s]+\/\S*|[0-9a-f]{64})$/ }],
  ['n', { value: /^(?:clearnet|tor|i2p|loki)$/ }],
  ['T', { value: /^(?:[A-Z][a-z]+)+$/, many: true }],
  ['N', { value: /^(?:[1-9]\d{0,3}|[0-9A-F]{2})$/, many: true }],
  ['R', { value: /^!?(?:auth|writes|pow|payment)$/, many: true }],
  ['t', { value: PLAIN, many: true }],
  ['k', { value: /^!?\d{1,5}$/, many: true }],
  ['g', { value: /^[0-9b-hjkmnp-z]{1,12}$/, many: true }],
  ['rtt-open', { value: WHOLE }],
  ['rtt-read', { value: WHOLE }],
  ['rtt-write', { value: WHOLE }],
  ['l', { value: PLAIN, many: true, length: 2 }],
  ['ssl', { value: /^!?valid$/ }],
  ['ssl-expires', { value: WHOLE }],
  ['ssl-issuer', { value: PLAIN }],
  ['net-ip', { value: /^\d{1,3}(?:\.\d{1,3}){3}$/ }],
  ['net-ipv6', { value: /^[0-9a-f:.]{2,45}$/ }],
  ['net-asn', { value: WHOLE }],
  ['net-asn-org', { value: PLAIN }],
  ['dns-ip', { value: /^\d{1,3}(?:\.\d{1,3}){3}$/ }],
  ['dns-ip6', { value: /^[0-9a-f:.]{2,45}$/ }],
  ['dns-cname', { value: PLAIN }],
  ['dns-ttl', { value: WHOLE }],
  ['http-server', { value: PLAIN }],
  ['http-powered-by', { value: PLAIN }],
  ['geo-country', { value: /^[A-Z]{2}$/ }],
  ['geo-city', { value: PLAIN }],
  ['geo-lat', { value: DEGREES }],
  ['geo-lon', { value: DEGREES }],
  ['geo-tz', { value: PLAIN }],
  ['W', { value: PLAIN, many: true }],
]);

const MAX_DOCUMENT_BYTES = 16 * 1024;
const MAX_TAGS_BYTES = 8 * 1024;

/** Strict: every fault is named, and an event with one says nothing. Knows nothing of how we build ours. */
export function readDiscovery(event: Event): DiscoveryResult {
  const faults: string[] = [];
  if (event.kind !== 30_166) faults.push('kind');
  if (!Number.isSafeInteger(event.created_at) || event.created_at <= 0) faults.push('created_at');
  if (Buffer.byteLength(JSON.stringify(event.tags)) > MAX_TAGS_BYTES) faults.push('tags: too long');
  faults.push(...tagFaults(event.tags));
  const subject = event.tags.find(([name]) => name === 'd')?.[1];
  if (subject === undefined) faults.push('d: missing');
  else if (subject.includes('://') && URL.parse(subject)?.href !== subject) faults.push('d: not normalised');
  const document = readContent(event.content);
  if (document === 'bad') faults.push('content');
  if (faults.length > 0 || subject === undefined || document === 'bad') return { ok: false, faults };
  return { ok: true, discovery: { subject, ...collect(event.tags), document } };
}

function tagFaults(tags: readonly string[][]): string[] {
  const faults: string[] = [];
  const said = new Set<string>();
  for (const tag of tags) {
    const [name = '', value = ''] = tag;
    const rule = RULES.get(name);
    if (rule === undefined) {
      faults.push(`${name}: no such tag`);
      continue;
    }
    if (tag.length !== (rule.length ?? 1) + 1) faults.push(`${name}: length`);
    if (!rule.value.test(value)) faults.push(`${name}: ${value}`);
    const key = rule.many === true ? JSON.stringify(tag) : name;
    if (said.has(key)) faults.push(`${name}: twice`);
    said.add(key);
    const opposite = value.startsWith('!') ? value.slice(1) : `!${value}`;
    if (said.has(JSON.stringify([name, opposite]))) faults.push(`${name}: contradiction`);
  }
  return faults;
}

function readContent(content: string): Readonly<Record<string, unknown>> | undefined | 'bad' {
  if (content === '') return undefined;
  if (Buffer.byteLength(content) > MAX_DOCUMENT_BYTES) return 'bad';
  try {
    const value: unknown = JSON.parse(content);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : 'bad';
  } catch {
    return 'bad';
  }
}

function collect(tags: readonly string[][]): Omit<Discovery, 'subject' | 'document'> {
  const all = (wanted: string) => tags.filter(([name]) => name === wanted).map(([, value = '']) => value);
  const trips = ['open', 'read', 'write'].flatMap((phase) =>
    all(`rtt-${phase}`).map((ms) => [phase, Number(ms)] as const),
  );
  const requirements = all('R').map((word) =>
    word.startsWith('!') ? ([word.slice(1), false] as const) : ([word, true] as const),
  );
  return {
    network: all('n')[0],
    roundTrips: Object.fromEntries(trips),
    nips: all('N'),
    requirements: Object.fromEntries(requirements),
    types: all('T'),
    topics: all('t'),
  };
}
