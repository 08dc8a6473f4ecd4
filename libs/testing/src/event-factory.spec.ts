import { computeEventId, parseEvent, type NostrEvent } from '@bigbrotr/models';
import { describe, expect, it } from '@jest/globals';
import { verifySchnorr } from 'tiny-secp256k1';

import { breakId, breakSignature, createEventFactory } from './event-factory.js';

function isSigned({ id, pubkey, sig }: NostrEvent): boolean {
  return verifySchnorr(Buffer.from(id, 'hex'), Buffer.from(pubkey, 'hex'), Buffer.from(sig, 'hex'));
}

describe('event factory', () => {
  it('gives the same events for the same seed', () => {
    const make = (seed: number): NostrEvent[] => {
      const factory = createEventFactory({ seed });
      return [factory.event(), ...factory.corpus({ count: 20, since: 1, until: 1_000 })];
    };

    expect(make(1)).toEqual(make(1));
    expect(make(1)[0]?.pubkey).not.toBe(make(2)[0]?.pubkey);
  });

  it('makes events whose shape, id and signature are right, by every author', () => {
    const factory = createEventFactory({ seed: 3, authors: 40 });

    const events = factory.many(300);

    expect(events.every((event) => parseEvent(event).ok)).toBe(true);
    expect(events.every((event) => computeEventId(event) === event.id)).toBe(true);
    expect(events.every(isSigned)).toBe(true);
    expect(new Set(events.map(({ pubkey }) => pubkey))).toEqual(new Set(factory.authors));
    expect(new Set(events.map(({ id }) => id)).size).toBe(300);
  });

  it('takes every field as wished', () => {
    const factory = createEventFactory({ seed: 4 });
    const wish = { kind: 42, created_at: 0, tags: [['t', 'x']], content: 'hello' };

    const event = factory.event({ ...wish, author: 5 });

    expect(event).toMatchObject({ ...wish, pubkey: factory.authors[5] });
    expect(() => factory.event({ author: 99 })).toThrow(RangeError);
  });

  it('moves on by a second when no time is wished', () => {
    const events = createEventFactory({ seed: 5 }).many(3);

    expect(events.map(({ created_at }) => created_at)).toEqual([1_700_000_000, 1_700_000_001, 1_700_000_002]);
  });

  describe('corpus', () => {
    const events = createEventFactory({ seed: 6 }).corpus({
      count: 2_000,
      since: 1_000,
      until: 9_000,
      burst: { at: 5_000, count: 300 },
    });

    it('is valid, in order of time, within its bounds, and bursts where told', () => {
      const seconds = events.map(({ created_at }) => created_at);

      expect(events.every(isSigned)).toBe(true);
      expect(new Set(events.map(({ id }) => id)).size).toBe(2_000);
      expect(seconds).toEqual([...seconds].sort((a, b) => a - b));
      expect(seconds[0]).toBeGreaterThanOrEqual(1_000);
      expect(seconds.at(-1)).toBeLessThanOrEqual(9_000);
      expect(seconds.filter((second) => second === 5_000).length).toBeGreaterThanOrEqual(300);
    });

    it('has the kinds and sizes of public relays', () => {
      const share = (kind: number): number => events.filter((event) => event.kind === kind).length / events.length;
      const bytes = events.map((event) => Buffer.byteLength(JSON.stringify(event))).sort((a, b) => a - b);
      const mean = bytes.reduce((sum, size) => sum + size, 0) / bytes.length;

      expect(share(1)).toBeCloseTo(0.4, 1);
      expect(share(7)).toBeCloseTo(0.28, 1);
      for (const kind of [0, 3, 4, 5, 6, 1059, 9735, 10_002, 30_023]) expect(share(kind)).toBeGreaterThan(0);
      expect(mean).toBeGreaterThan(700);
      expect(mean).toBeLessThan(1_100);
      expect(bytes.at(-1)).toBeGreaterThan(4_000);
    });
  });

  it('mentions relay URLs in lists of kind 10002, 3 and 2', () => {
    const factory = createEventFactory({ seed: 7 });
    const urls = ['wss://a.example', 'wss://b.example', 'wss://c.example'];

    const [list, contacts, recommendation] = [
      factory.relayList(urls),
      factory.contactList(urls),
      factory.recommendation('wss://d.example'),
    ];

    expect(list).toMatchObject({ kind: 10_002, content: '' });
    expect(list.tags).toEqual([
      ['r', 'wss://a.example'],
      ['r', 'wss://b.example', 'read'],
      ['r', 'wss://c.example', 'write'],
    ]);
    expect(contacts.kind).toBe(3);
    expect(Object.keys(JSON.parse(contacts.content) as object)).toEqual(urls);
    expect(contacts.tags.map(([, , hint]) => hint)).toEqual(urls);
    expect(recommendation).toMatchObject({ kind: 2, content: 'wss://d.example' });
    expect([list, contacts, recommendation].every(isSigned)).toBe(true);
  });

  describe('breakSignature', () => {
    it('leaves all but the signature', () => {
      const event = createEventFactory({ seed: 8 }).event();

      const broken = breakSignature(event);

      expect({ ...broken, sig: event.sig }).toEqual(event);
      expect(isSigned(broken)).toBe(false);
      expect(broken.sig).toMatch(/^[0-9a-f]{128}$/);
    });
  });

  describe('breakId', () => {
    it('leaves all but the id', () => {
      const event = createEventFactory({ seed: 9 }).event();

      const broken = breakId(event);

      expect({ ...broken, id: event.id }).toEqual(event);
      expect(computeEventId(broken)).not.toBe(broken.id);
      expect(broken.id).toMatch(/^[0-9a-f]{64}$/);
    });
  });
});
