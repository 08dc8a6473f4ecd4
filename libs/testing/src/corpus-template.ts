import type { NostrEvent } from '@bigbrotr/models';

import type { Random } from './random.js';

interface Peers {
  readonly authors: readonly string[];
  /** Ids of events made before, to refer to. */
  readonly recent: readonly string[];
}

type Template = Pick<NostrEvent, 'kind' | 'tags' | 'content'>;
type Recipe = (random: Random, peers: Peers) => Omit<Template, 'kind'>;

/** One event's kind, tags and content, in the shares and sizes that public relays show (about 850 bytes of JSON on average). */
export function corpusTemplate(random: Random, peers: Peers): Template {
  let point = random.below(TOTAL_WEIGHT);
  for (const [kind, weight, recipe] of MIX) {
    if (point < weight) return { kind, ...recipe(random, peers) };
    point -= weight;
  }
  throw new RangeError('the weights do not add up');
}

const MIX: readonly (readonly [kind: number, weight: number, recipe: Recipe])[] = [
  [1, 40, note],
  [7, 28, reaction],
  [9735, 7, zap],
  [6, 6, repost],
  [0, 4, profile],
  [4, 3, sealed],
  [1059, 3, sealed],
  [3, 2, contacts],
  [10_002, 2, relays],
  [1111, 2, note],
  [30_023, 1, article],
  [30_078, 1, setting],
  [5, 1, deletion],
];

const TOTAL_WEIGHT = MIX.reduce((sum, [, weight]) => sum + weight, 0);

const WORDS =
  'relay note zap the a of and to in is it you that for on are with as be this have from at or one had by key gm ' +
  'nostr client signal open free value time block night coffee people think build ship archive proof 素晴らしい ça 🤙 ⚡'.concat(
    ' "quoted" line\nbreak https://example.com/a?b=c&d=e',
  );

const VOCABULARY = WORDS.split(' ');

function text(random: Random, words: number): string {
  return Array.from({ length: words }, () => random.pick(VOCABULARY)).join(' ');
}

function reference(random: Random, { recent }: Peers): string {
  return recent.length > 0 ? random.pick(recent) : random.hex(32);
}

function note(random: Random, peers: Peers): ReturnType<Recipe> {
  const tags: string[][] = [];
  if (random.chance(0.6)) tags.push(['e', reference(random, peers), '', 'root'], ['p', random.pick(peers.authors)]);
  if (random.chance(0.2)) tags.push(['t', random.pick(['nostr', 'bitcoin', 'photography', '音楽'])]);
  return { tags, content: `${text(random, 3 + random.below(random.chance(0.1) ? 200 : 40))} ${random.hex(4)}` };
}

function reaction(random: Random, peers: Peers): ReturnType<Recipe> {
  return {
    tags: [
      ['e', reference(random, peers)],
      ['p', random.pick(peers.authors)],
    ],
    content: random.pick(['+', '🤙', '❤️', '-', ':soapbox:']),
  };
}

function zap(random: Random, peers: Peers): ReturnType<Recipe> {
  const request = {
    kind: 9734,
    pubkey: random.pick(peers.authors),
    content: text(random, 5),
    id: random.hex(32),
    sig: random.hex(64),
  };
  return {
    tags: [
      ['p', random.pick(peers.authors)],
      ['e', reference(random, peers)],
      ['bolt11', `lnbc${random.below(1e6)}n1${random.hex(120)}`],
      ['description', JSON.stringify(request)],
    ],
    content: '',
  };
}

function repost(random: Random, peers: Peers): ReturnType<Recipe> {
  return {
    tags: [
      ['e', reference(random, peers), 'wss://relay.example.com'],
      ['p', random.pick(peers.authors)],
    ],
    content: random.chance(0.5)
      ? ''
      : JSON.stringify({ id: random.hex(32), content: text(random, 30), sig: random.hex(64) }),
  };
}

function profile(random: Random): ReturnType<Recipe> {
  const name = random.hex(4);
  return {
    tags: [],
    content: JSON.stringify({
      name,
      about: text(random, 15),
      picture: `https://example.com/${name}.jpg`,
      nip05: `${name}@example.com`,
    }),
  };
}

function sealed(random: Random, peers: Peers): ReturnType<Recipe> {
  const content = Buffer.from(random.hex(100 + random.below(300)), 'hex').toString('base64');
  return { tags: [['p', random.pick(peers.authors)]], content };
}

function contacts(random: Random): ReturnType<Recipe> {
  return { tags: Array.from({ length: 10 + random.below(90) }, () => ['p', random.hex(32)]), content: '' };
}

function relays(random: Random): ReturnType<Recipe> {
  return {
    tags: Array.from({ length: 1 + random.below(8) }, () => ['r', `wss://relay${random.below(500)}.example.com`]),
    content: '',
  };
}

function article(random: Random): ReturnType<Recipe> {
  return {
    tags: [
      ['d', random.hex(6)],
      ['title', text(random, 6)],
    ],
    content: text(random, 500 + random.below(800)),
  };
}

function setting(random: Random): ReturnType<Recipe> {
  return { tags: [['d', `app/${random.hex(4)}`]], content: random.hex(50) };
}

function deletion(random: Random, peers: Peers): ReturnType<Recipe> {
  return { tags: [['e', reference(random, peers)]], content: random.hex(4) };
}
