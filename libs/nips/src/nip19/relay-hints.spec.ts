import { describe, it, expect } from '@jest/globals';
import { naddrEncode, neventEncode, noteEncode, nprofileEncode } from 'nostr-tools/nip19';
import { nip19RelayHints } from './relay-hints.js';

const LIMITS = { maxChars: 10_000, maxEntities: 10 };
const key = 'a1'.repeat(32);
const [one, two] = ['wss://one.example.com', 'wss://two.example.com/inbox'];

/** The old entity for a relay alone: TLV 0 holds the URL. */
const NRELAY = 'nrelay1qqthwumn8ghj7mn0wd68ytn90psk6urvv5hxxmmdw9slfk';

describe('nip19RelayHints', () => {
  it.each([
    ['nprofile', nprofileEncode({ pubkey: key, relays: [one, two] }), [one, two]],
    ['nevent', neventEncode({ id: key, relays: [one], author: key, kind: 1 }), [one]],
    ['naddr', naddrEncode({ identifier: 'wss://no.example.com', pubkey: key, kind: 30_023, relays: [two] }), [two]],
    ['nprofile without relays', nprofileEncode({ pubkey: key }), []],
    ['note', noteEncode(key), []],
  ])('reads an %s', (_, entity, expected) => {
    expect(nip19RelayHints(`see nostr:${entity}, and so on`, LIMITS)).toEqual(expected);
  });

  it('reads the old nrelay', () => {
    expect(nip19RelayHints(NRELAY, LIMITS)).toEqual([one.replace('one', 'nostr')]);
  });

  it('passes over an entity with a wrong checksum, not over the next one', () => {
    const good = nprofileEncode({ pubkey: key, relays: [one] });
    const bad = good.slice(0, 20) + (good[20] === 'q' ? 'p' : 'q') + good.slice(21);

    expect(nip19RelayHints(`${bad} ${good}`, LIMITS)).toEqual([one]);
  });

  it('looks at so many characters and entities', () => {
    const entity = nprofileEncode({ pubkey: key, relays: [one] });

    expect(nip19RelayHints(`${'x'.repeat(10_000)} ${entity}`, LIMITS)).toEqual([]);
    expect(nip19RelayHints(`${entity} `.repeat(30), LIMITS)).toHaveLength(10);
  });

  it('takes 100,000 characters of near misses in its stride', () => {
    const startedAt = performance.now();

    nip19RelayHints('nprofile1'.repeat(5_000) + 'q'.repeat(55_000), { maxChars: 100_000, maxEntities: 50 });

    expect(performance.now() - startedAt).toBeLessThan(100);
  });
});
