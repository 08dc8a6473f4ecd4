import { computeEventId, type NostrEvent } from '@bigbrotr/models';

import { corpusTemplate } from './corpus-template.js';
import { createRandom } from './random.js';
import { createTestKey, signWithKnownNonce } from './test-key.js';

export interface EventFactoryOptions {
  /** Equal seeds and equal calls give equal events, byte for byte. */
  readonly seed: number;
  /** Number of authors; default 16. */
  readonly authors?: number;
}

export interface EventWish {
  /** Default 1. */
  readonly kind?: number;
  /** Unix seconds; by default a second later than the factory's last default, from 1700000000 on. */
  readonly created_at?: number;
  readonly tags?: string[][];
  /** By default a short text, different each time. */
  readonly content?: string;
  /** Index into `authors`; by default one of them at random. */
  readonly author?: number;
}

export interface CorpusWish {
  readonly count: number;
  /** Unix seconds, both inclusive. */
  readonly since: number;
  readonly until: number;
  /** So many of the events share one second. */
  readonly burst?: { readonly at: number; readonly count: number };
}

/** Makes events with valid ids and signatures. */
export interface EventFactory {
  /** Public keys, hex. */
  readonly authors: readonly string[];
  event(wish?: EventWish): NostrEvent;
  many(count: number, wish?: EventWish | ((index: number) => EventWish)): NostrEvent[];
  /** Kinds, tags and sizes as public relays hold them, oldest first. */
  corpus(wish: CorpusWish): NostrEvent[];
  /** NIP-65 list, kind 10002; markers none, read and write in turn. */
  relayList(urls: readonly string[], wish?: Omit<EventWish, 'kind' | 'tags'>): NostrEvent;
  /** Contact list, kind 3, with the old form of relay list in its content and the URLs as hints of its p tags. */
  contactList(urls: readonly string[], wish?: Omit<EventWish, 'kind' | 'tags' | 'content'>): NostrEvent;
  /** The retired relay recommendation, kind 2. */
  recommendation(url: string, wish?: Omit<EventWish, 'kind' | 'content'>): NostrEvent;
}

const FIRST_SECOND = 1_700_000_000;
const NONCES = 32;

export function createEventFactory({ seed, authors: authorCount = 16 }: EventFactoryOptions): EventFactory {
  const random = createRandom(seed);
  const keys = Array.from({ length: authorCount }, () => createTestKey(random));
  const nonces = Array.from({ length: NONCES }, () => createTestKey(random));
  const authors = keys.map(({ x }) => x);
  let nextSecond = FIRST_SECOND;

  function event({ kind = 1, created_at, tags = [], content, author }: EventWish = {}): NostrEvent {
    const key = author === undefined ? random.pick(keys) : keys[author];
    if (key === undefined) throw new RangeError(`author ${author} of ${authorCount}`);

    const unsigned = {
      pubkey: key.x,
      created_at: created_at ?? nextSecond++,
      kind,
      tags,
      content: content ?? `note ${random.hex(8)}`,
    };
    const id = computeEventId(unsigned);
    return { id, ...unsigned, sig: signWithKnownNonce(id, key, random.pick(nonces)) };
  }

  function corpus({ count, since, until, burst }: CorpusWish): NostrEvent[] {
    const seconds = Array.from({ length: count }, (_, index) =>
      burst !== undefined && index < burst.count ? burst.at : since + random.below(until - since + 1),
    ).sort((a, b) => a - b);
    const recent: string[] = [];
    return seconds.map((created_at) => {
      const made = event({ created_at, ...corpusTemplate(random, { authors, recent }) });
      if (recent.push(made.id) > 100) recent.shift();
      return made;
    });
  }

  return {
    authors,
    event,
    many: (count, wish = {}) =>
      Array.from({ length: count }, (_, index) => event(typeof wish === 'function' ? wish(index) : wish)),
    corpus,
    relayList: (urls, wish = {}) =>
      event({
        content: '',
        ...wish,
        kind: 10_002,
        tags: urls.map((url, index) => ['r', url, ...[[], ['read'], ['write']][index % 3]!]),
      }),
    contactList: (urls, wish = {}) =>
      event({
        ...wish,
        kind: 3,
        tags: urls.map((url) => ['p', random.pick(authors), url]),
        content: JSON.stringify(Object.fromEntries(urls.map((url) => [url, { read: true, write: true }]))),
      }),
    recommendation: (url, wish = {}) => event({ ...wish, kind: 2, content: url }),
  };
}

/** The same event under a signature that is one bit off. */
export function breakSignature(event: NostrEvent): NostrEvent {
  return { ...event, sig: flipLastBit(event.sig) };
}

/** The same event under an id that is one bit off. */
export function breakId(event: NostrEvent): NostrEvent {
  return { ...event, id: flipLastBit(event.id) };
}

function flipLastBit(hex: string): string {
  return hex.slice(0, -1) + (parseInt(hex.slice(-1), 16) ^ 1).toString(16);
}
