import type { NostrEvent } from '@bigbrotr/models';
import { nip19RelayHints } from '../nip19/relay-hints.js';

/** Where in an event a URL stood. */
export type MentionSource =
  | 'relay-list' // kind 10002
  | 'relay-set' // kinds 10006, 10007, 10012, 10050, 10051, 10102, 30002 …: lists of relays by their authors
  | 'contacts' // keys of a kind 3's content
  | 'recommendation' // kind 2
  | 'monitor' // kinds 30166, 10166: somebody measured it
  | 'relay-tag' // `relay` or `relays` of any other kind
  | 'group' // kind 10009
  | 'reference' // `r` or `u`
  | 'hint' // beside the id in e, p, a, q …
  | 'zap' // relays of the zap request inside a receipt
  | 'nip19'; // nprofile, nevent, naddr, nrelay in the content

/** `raw` is as written: several URLs glued together, blanks, junk. The URL law judges it. */
export interface RelayMention {
  readonly raw: string;
  readonly source: MentionSource;
}

const LIMITS = {
  mentions: 200,
  /** Admits a few URLs glued together; single URLs have a lower limit by law. */
  rawChars: 1024,
  tags: 5_000,
  tagItems: 100,
  /** Contents of kind 3 with thousands of relays exist; they are spam. */
  jsonChars: 128 * 1024,
  nip19Chars: 64 * 1024,
  nip19Entities: 50,
} as const;

const RELAY_SETS: ReadonlySet<number> = new Set([10_006, 10_007, 10_012, 10_019, 10_050, 10_051, 10_102, 30_002]);
const MONITORS: ReadonlySet<number> = new Set([10_166, 30_166]);
const RELAY_REVIEW = 31_987;
const ZAP_RECEIPT = 9_735;
const TRUSTED_ASSERTIONS = 10_040;

/** Tags with a relay hint at index 2. */
const HINTED: ReadonlySet<string> = new Set(['e', 'p', 'a', 'q', 'E', 'A', 'P', 'h', 'zap']);

/**
 * Relay URLs that an event names, each text once, in order of appearance, bounded in number and length. Only what
 * has a ws or wss scheme in it is a mention.
 */
export function relayMentions(event: Pick<NostrEvent, 'kind' | 'tags' | 'content'>): RelayMention[] {
  const mentions = new Mentions();
  readTags(event, mentions);
  readContent(event, mentions);
  return mentions.list();
}

class Mentions {
  readonly #found = new Map<string, MentionSource>();

  /** The first source of a text counts: tags are read before contents. */
  add(raw: unknown, source: MentionSource): void {
    if (typeof raw !== 'string' || raw.length < 6 || raw.length > LIMITS.rawChars || this.full) return;
    if (SCHEME.test(raw) && !this.#found.has(raw)) this.#found.set(raw, source);
  }

  get full(): boolean {
    return this.#found.size >= LIMITS.mentions;
  }

  list(): RelayMention[] {
    return Array.from(this.#found, ([raw, source]) => ({ raw, source }));
  }
}

const SCHEME = /wss?:/i;

function readTags({ kind, tags }: Pick<NostrEvent, 'kind' | 'tags'>, mentions: Mentions): void {
  for (const tag of tags.slice(0, LIMITS.tags)) {
    if (tag.length < 2) continue;
    readTag(kind, tag, mentions);
    if (mentions.full) return;
  }
}

function readTag(kind: number, tag: readonly string[], mentions: Mentions): void {
  const [name = '', value, third, fourth] = tag;
  switch (name) {
    case 'r':
      mentions.add(value, kind === 10_002 ? 'relay-list' : 'reference');
      break;
    case 'u':
      mentions.add(value, 'reference');
      break;
    case 'relay':
      mentions.add(value, RELAY_SETS.has(kind) ? 'relay-set' : 'relay-tag');
      break;
    case 'relays':
      for (const item of tag.slice(1, LIMITS.tagItems)) mentions.add(item, 'relay-tag');
      break;
    case 'd':
      if (MONITORS.has(kind)) mentions.add(value, 'monitor');
      else if (kind === RELAY_REVIEW) mentions.add(value, 'reference');
      break;
    case 'group':
      mentions.add(third, 'group');
      break;
    case 'i':
      mentions.add(fourth, 'hint');
      break;
    case 'description':
      if (kind === ZAP_RECEIPT) readZapRequest(value, mentions);
      break;
    default:
      // Trusted assertions (NIP-85) name their tags after what is asserted.
      if (HINTED.has(name) || kind === TRUSTED_ASSERTIONS) mentions.add(third, 'hint');
  }
}

function readZapRequest(json: string | undefined, mentions: Mentions): void {
  const request = parseObject(json ?? '');
  if (request === undefined || !Array.isArray(request['tags'])) return;
  for (const tag of request['tags'].slice(0, LIMITS.tags) as unknown[]) {
    if (!Array.isArray(tag) || tag[0] !== 'relays') continue;
    for (const item of tag.slice(1, LIMITS.tagItems) as unknown[]) mentions.add(item, 'zap');
  }
}

function readContent({ kind, content }: Pick<NostrEvent, 'kind' | 'content'>, mentions: Mentions): void {
  if (content === '' || mentions.full) return;
  if (kind === 2) {
    mentions.add(content, 'recommendation');
  } else if (kind === 3) {
    for (const key of Object.keys(parseObject(content) ?? {})) mentions.add(key, 'contacts');
  } else {
    const hints = nip19RelayHints(content, { maxChars: LIMITS.nip19Chars, maxEntities: LIMITS.nip19Entities });
    for (const hint of hints) mentions.add(hint, 'nip19');
  }
}

/** A JSON object, or undefined for anything else; too long or without a relay in it counts as anything else. */
function parseObject(json: string): Record<string, unknown> | undefined {
  if (json.length > LIMITS.jsonChars || !json.startsWith('{') || !SCHEME.test(json)) return undefined;
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
