import { createHash } from 'node:crypto';
import { describe, it, expect } from '@jest/globals';
import fc from 'fast-check';
import { nip77 } from 'nostr-tools';
import { NegentropyItemSet, type NegentropyItem } from './item-set.js';
import { openNegentropy, reconcile, type ReconcileOptions } from './negentropy.js';

const CLOCKS = {
  'steady clock': (index: number) => 1_700_000_000 + index * 30,
  'one second for all': () => 1_700_000_000,
  'few crowded seconds': (index: number) => 1_700_000_000 + Math.floor(index / 400) ** 2,
  'mostly zero': (index: number) => (index % 50 === 0 ? index : 0),
  'beyond 32 bits': (index: number) => 2 ** 32 - 500 + index,
  'milliseconds among seconds': (index: number) =>
    index % 3 === 0 ? 1_700_000_000_000 + index : 1_700_000_000 + index,
} satisfies Record<string, (index: number) => number>;

const idOf = (name: string) => createHash('sha256').update(name).digest();

function itemsOf(count: number, clock: (index: number) => number, salt = ''): NegentropyItem[] {
  return Array.from({ length: count }, (_, index) => ({ created_at: clock(index), id: idOf(`${salt}${index}`) }));
}

const hexOf = (items: readonly NegentropyItem[]) => items.map(({ id }) => Buffer.from(id).toString('hex')).sort();

/** Lets an initiator and a responder talk to the end. */
function converse(
  ours: NegentropyItemSet,
  theirs: NegentropyItemSet,
  { frameSizeLimit = Infinity }: Partial<ReconcileOptions> = {},
) {
  const have = new Set<string>();
  const need = new Set<string>();
  const talk = { trips: 0, bytes: 0, longest: 0 };
  const count = (message: Uint8Array) => {
    talk.bytes += message.length;
    talk.longest = Math.max(talk.longest, message.length);
  };
  let message: Uint8Array | undefined = openNegentropy(ours);
  while (message !== undefined) {
    count(message);
    const answer = reconcile({ role: 'responder', frameSizeLimit }, theirs, message);
    if (!answer.ok || answer.next === undefined) throw new Error('the responder gave up');
    count(answer.next);
    const learned = reconcile({ role: 'initiator', frameSizeLimit }, ours, answer.next);
    if (!learned.ok) throw new Error(`the initiator cannot read the answer: ${learned.reason}`);
    learned.have.forEach((index) => have.add(ours.hex(index)));
    learned.need.forEach((id) => need.add(id));
    message = learned.next;
    talk.trips += 1;
    if (talk.trips > 10_000) throw new Error('no end');
  }
  return { have: [...have].sort(), need: [...need].sort(), ...talk };
}

describe('negentropy', () => {
  it('opens for an empty set with "all I have is nothing"', () => {
    expect(Buffer.from(openNegentropy(new NegentropyItemSet([]))).toString('hex')).toBe('6100000200');
  });

  it('finds the difference of any two sets under any frame limit', () => {
    const scenario = fc.record({
      clock: fc.constantFrom(...Object.values(CLOCKS)),
      shared: fc.oneof(fc.nat(40), fc.nat(5_000)),
      onlyOurs: fc.oneof(fc.nat(3), fc.nat(700)),
      onlyTheirs: fc.oneof(fc.nat(3), fc.nat(700)),
      frameSizeLimit: fc.constantFrom(4_096, 10_000, 60_000, Infinity),
    });
    fc.assert(
      fc.property(scenario, ({ clock, shared, onlyOurs, onlyTheirs, frameSizeLimit }) => {
        const common = itemsOf(shared, clock);
        const ours = itemsOf(onlyOurs, clock, 'ours');
        const theirs = itemsOf(onlyTheirs, clock, 'theirs');

        const found = converse(
          new NegentropyItemSet([...ours, ...common]),
          new NegentropyItemSet([...common, ...theirs]),
          { frameSizeLimit },
        );

        expect(found.have).toEqual(hexOf(ours));
        expect(found.need).toEqual(hexOf(theirs));
        expect(found.longest).toBeLessThanOrEqual(frameSizeLimit);
      }),
      { seed: 77, numRuns: 30 },
    );
  });

  it.each(Object.entries(CLOCKS))('lists 5,000 ids to an empty initiator in frames of 4,096 bytes: %s', (_, clock) => {
    const theirs = itemsOf(5_000, clock);

    const found = converse(new NegentropyItemSet([]), new NegentropyItemSet(theirs), { frameSizeLimit: 4_096 });

    expect(found.need).toEqual(hexOf(theirs));
    expect(found.longest).toBeLessThanOrEqual(4_096);
    expect(found.trips).toBeLessThan(60);
  });

  it('finds one changed event among 100,000 in at most 4 round trips and 10 KB', () => {
    const items = itemsOf(100_000, CLOCKS['steady clock']);
    const changed = { created_at: 1_700_000_000 + 77_777 * 30, id: idOf('changed') };
    const others = [...items.slice(0, 77_777), changed, ...items.slice(77_778)];

    const found = converse(new NegentropyItemSet(items), new NegentropyItemSet(others));

    expect(found.need).toEqual(hexOf([changed]));
    expect(found.have).toEqual(hexOf(items.slice(77_777, 77_778)));
    expect(found.trips).toBeLessThanOrEqual(4);
    expect(found.bytes).toBeLessThan(10_000);
  });

  it('needs one round trip for equal sets', () => {
    const items = itemsOf(20_000, CLOCKS['few crowded seconds']);

    const found = converse(new NegentropyItemSet(items), new NegentropyItemSet(items));

    expect(found).toMatchObject({ have: [], need: [], trips: 1 });
    expect(found.bytes).toBeLessThan(600);
  });

  it('answers the initiator of nostr-tools', () => {
    const common = itemsOf(3_000, CLOCKS['few crowded seconds']);
    const ours = itemsOf(300, CLOCKS['steady clock'], 'ours');
    const theirs = itemsOf(200, CLOCKS['few crowded seconds'], 'theirs');
    const responder = new NegentropyItemSet([...common, ...ours]);
    const storage = new nip77.NegentropyStorageVector();
    for (const { created_at, id } of [...common, ...theirs])
      storage.insert(created_at, Buffer.from(id).toString('hex'));
    storage.seal();
    const initiator = new nip77.Negentropy(storage, 4_096);
    const [have, need] = [new Set<string>(), new Set<string>()];

    for (let message: string | null = initiator.initiate(); message !== null;) {
      const options = { role: 'responder', frameSizeLimit: 4_096 } as const;
      const answer = reconcile(options, responder, Buffer.from(message, 'hex'));
      if (!answer.ok || answer.next === undefined) throw new Error('the responder gave up');
      const next = Buffer.from(answer.next).toString('hex');
      message = initiator.reconcile(
        next,
        (id) => have.add(id),
        (id) => need.add(id),
      );
    }

    expect([...have].sort()).toEqual(hexOf(theirs));
    expect([...need].sort()).toEqual(hexOf(ours));
  });

  const BAD = {
    empty: ['', 'truncated'],
    'of another version': ['62', 'version'],
    'cut in a bound': ['6181', 'truncated'],
    'cut in a fingerprint': ['61000001' + '00'.repeat(15), 'truncated'],
    'with a list longer than itself': ['61000002' + 'ff7f' + '00'.repeat(32), 'truncated'],
    'with a number beyond 2^53': ['61' + 'ff'.repeat(8) + '7f', 'number'],
    'with a number without end': ['61' + 'ff'.repeat(200) + '7f' + '0000', 'number'],
    'with timestamps that add up beyond 2^53': ['61' + ('8fffffffffffff7f' + '0000').repeat(2), 'number'],
    'with an id prefix of 33 bytes': ['610021' + '00'.repeat(33), 'prefix'],
    'with an unknown mode': ['61000003', 'mode'],
  } satisfies Record<string, [string, string]>;

  it.each(Object.entries(BAD))('rejects a message %s', (_, [hex, reason]) => {
    const items = new NegentropyItemSet(itemsOf(10, CLOCKS['steady clock']));

    expect(reconcile({ role: 'initiator' }, items, Buffer.from(hex, 'hex'))).toEqual({ ok: false, reason });
  });

  it('names its version to an initiator of another', () => {
    const answer = reconcile({ role: 'responder' }, new NegentropyItemSet([]), Buffer.from('62aabb', 'hex'));

    expect(answer).toMatchObject({ ok: true, next: Uint8Array.from([0x61]) });
  });

  it('never throws on noise', () => {
    const items = new NegentropyItemSet(itemsOf(500, CLOCKS['one second for all']));
    const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Uint8Array.from([0x61, ...bytes]));
    fc.assert(
      fc.property(noise, fc.constantFrom('initiator' as const, 'responder' as const), (message, role) => {
        expect(typeof reconcile({ role, frameSizeLimit: 4_096 }, items, message).ok).toBe('boolean');
      }),
      { seed: 77, numRuns: 2_000 },
    );
  });
});
