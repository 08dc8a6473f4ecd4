import { describe, it, expect } from '@jest/globals';
import { nprofileEncode } from 'nostr-tools/nip19';
import { relayMentions } from './relay-mentions.js';

const a = 'wss://a.example.com';
const b = 'wss://b.example.com';
const key = 'c0'.repeat(32);
const address = `30002:${key}:x`;

interface Case {
  readonly what: string;
  readonly kind: number;
  readonly tags?: string[][];
  readonly content?: string;
  /** `source url`, in order. */
  readonly found: string[];
}

const CASES: Case[] = [
  {
    what: 'a relay list',
    kind: 10_002,
    tags: [
      ['r', a],
      ['r', `${b}/`, 'read'],
      ['p', 'x'],
    ],
    found: [`relay-list ${a}`, `relay-list ${b}/`],
  },
  {
    what: 'contacts: keys of the content and hints',
    kind: 3,
    tags: [['p', key, b, 'petname']],
    content: '{"wss://a.example.com":{"read":true,"write":true},"ws://old.example.com":{}}',
    found: [`hint ${b}`, `contacts ${a}`, 'contacts ws://old.example.com'],
  },
  { what: 'contacts with words', kind: 3, content: 'wss:// hello', found: [] },
  { what: 'contacts with a list', kind: 3, content: `["${a}"]`, found: [] },
  { what: 'contacts cut off', kind: 3, content: `{"${a}":{`, found: [] },
  { what: 'a recommendation', kind: 2, content: ` ${a}\n`, found: [`recommendation  ${a}\n`] },
  ...[10_006, 10_007, 10_012, 10_050, 10_051, 30_002].map((kind) => ({
    what: `relays of kind ${kind}`,
    kind,
    tags: [
      ['relay', a],
      ['relay', 'nothing'],
      ['title', b],
    ],
    found: [`relay-set ${a}`],
  })),
  { what: 'favourites by address', kind: 10_012, tags: [['a', address, b]], found: [`hint ${b}`] },
  {
    what: 'a finding of a monitor',
    kind: 30_166,
    tags: [
      ['d', a],
      ['n', 'clearnet'],
    ],
    found: [`monitor ${a}`],
  },
  { what: 'a monitor', kind: 10_166, tags: [['d', a]], found: [`monitor ${a}`] },
  { what: 'a review', kind: 31_987, tags: [['d', a]], found: [`reference ${a}`] },
  { what: 'a d tag of another kind', kind: 30_023, tags: [['d', a]], found: [] },
  {
    what: 'references, whatever the kind',
    kind: 1,
    tags: [
      ['r', a],
      ['r', 'https://blog.example.com'],
      ['u', b],
      ['t', 'wss://c.example.com'],
    ],
    found: [`reference ${a}`, `reference ${b}`],
  },
  { what: 'tags too short', kind: 1, tags: [['r'], [], ['e', key], ['relay']], found: [] },
  ...['e', 'p', 'a', 'q', 'E', 'A', 'P', 'h', 'zap'].map((name) => ({
    what: `the hint of a tag ${name}`,
    kind: 1,
    tags: [[name, 'id', a, 'reply']],
    found: [`hint ${a}`],
  })),
  { what: 'the hint of a job input', kind: 5_050, tags: [['i', key, 'event', a]], found: [`hint ${a}`] },
  { what: 'hints of trusted assertions', kind: 10_040, tags: [['30382:rank', key, a]], found: [`hint ${a}`] },
  { what: 'a group', kind: 10_009, tags: [['group', 'id', a]], found: [`group ${a}`] },
  { what: 'a relays tag', kind: 9_734, tags: [['relays', a, b, '']], found: [`relay-tag ${a}`, `relay-tag ${b}`] },
  { what: 'a relay tag', kind: 34_550, tags: [['relay', a, 'author']], found: [`relay-tag ${a}`] },
  {
    what: 'the request in a zap receipt',
    kind: 9_735,
    tags: [['description', JSON.stringify({ kind: 9_734, tags: [['relays', a, 5], ['p', key], 7] })]],
    found: [`zap ${a}`],
  },
  { what: 'junk in a zap receipt', kind: 9_735, tags: [['description', `{"tags":"${a}"}`]], found: [] },
  {
    what: 'a description of another kind',
    kind: 30_002,
    tags: [['description', `{"tags":[["relays","${a}"]]}`]],
    found: [],
  },
  {
    what: 'a profile in the text',
    kind: 1,
    content: `hi nostr:${nprofileEncode({ pubkey: key, relays: [a, b] })}!`,
    found: [`nip19 ${a}`, `nip19 ${b}`],
  },
  { what: 'a URL in plain words', kind: 1, content: `try ${a}`, found: [] },
  {
    what: 'each text once, under its first source',
    kind: 10_002,
    tags: [
      ['r', a],
      ['r', a],
      ['e', key, a],
    ],
    found: [`relay-list ${a}`],
  },
  {
    what: 'URLs glued together, as they are',
    kind: 10_002,
    tags: [['r', `${a} ${b}`]],
    found: [`relay-list ${a} ${b}`],
  },
  { what: 'shouting', kind: 10_002, tags: [['r', 'WSS://A.EXAMPLE.COM']], found: ['relay-list WSS://A.EXAMPLE.COM'] },
];

describe('relayMentions', () => {
  it.each(CASES)('finds $what', ({ kind, tags = [], content = '', found }) => {
    const mentions = relayMentions({ kind, tags, content });

    expect(mentions.map(({ source, raw }) => `${source} ${raw}`)).toEqual(found);
  });

  it('bounds length and number', () => {
    const long = `wss://${'x'.repeat(30_000)}.example.com`;
    const many = Array.from({ length: 3_000 }, (_, n) => ['r', `wss://r${n}.example.com`]);
    const keys = Object.fromEntries(many.map(([, url]) => [url, {}]));

    expect(relayMentions({ kind: 10_002, tags: [['r', long]], content: '' })).toEqual([]);
    expect(relayMentions({ kind: 10_002, tags: many, content: '' })).toHaveLength(200);
    expect(relayMentions({ kind: 3, tags: [], content: JSON.stringify(keys) })).toHaveLength(200);
  });

  it('is quick with a large event that mentions nothing', () => {
    const tags = Array.from({ length: 2_000 }, () => ['p', key]);
    const startedAt = performance.now();

    for (let n = 0; n < 100; n += 1) relayMentions({ kind: 3, tags, content: 'x'.repeat(60_000) });

    expect(performance.now() - startedAt).toBeLessThan(200);
  });
});
