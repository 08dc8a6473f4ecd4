import type { NostrEvent } from '@bigbrotr/models';
import { describe, expect, it } from '@jest/globals';
import { verifySchnorr } from 'tiny-secp256k1';

import { createEventFactory } from '../event-factory.js';
import { connectRaw, type Answer } from './raw-client.js';
import { startScriptedRelay } from './scripted-relay.js';
import type { Temper } from './temper.js';

const factory = createEventFactory({ seed: 11, authors: 4 });
/** One event in each of the seconds 1000 to 1999. */
const events = factory.many(1_000, (index) => ({ created_at: 1_000 + index, kind: index % 3 }));
const newestFirst = [...events].reverse();

async function ask(
  temper: Temper,
  filters: object | readonly object[],
  held: readonly NostrEvent[] = events,
): Promise<Answer> {
  await using relay = await startScriptedRelay({ events: held, temper });
  await using client = await connectRaw(relay.url);
  return await client.ask(filters);
}

const seconds = ({ events: answered }: Answer): number[] => answered.map(({ created_at }) => created_at);

describe('pages of a scripted relay', () => {
  it('answers with everything that matches, newest first, and an EOSE without hints', async () => {
    const answer = await ask({}, {});

    expect(answer.events).toEqual(newestFirst);
    expect(answer.last).toEqual(['EOSE', 's1']);
  });

  it('serves equal seconds in the order of ids', async () => {
    const burst = factory.many(50, () => ({ created_at: 7 }));

    const answer = await ask({}, {}, burst);

    expect(answer.events).toEqual([...burst].sort((a, b) => (a.id < b.id ? -1 : 1)));
  });

  it.each([
    ['ids', { ids: [events[3]!.id, events[9]!.id, 'f'.repeat(64)] }, [events[9], events[3]]],
    ['authors', { authors: [factory.authors[0]] }, newestFirst.filter(({ pubkey }) => pubkey === factory.authors[0])],
    ['kinds', { kinds: [0, 2] }, newestFirst.filter(({ kind }) => kind !== 1)],
    ['since and until, inclusive', { since: 1_100, until: 1_103 }, events.slice(100, 104).reverse()],
    ['limit', { limit: 5 }, newestFirst.slice(0, 5)],
    ['limit 0', { limit: 0 }, []],
    ['ids within bounds', { ids: [events[3]!.id, events[9]!.id], since: 1_005 }, [events[9]]],
    ['several filters', [{ since: 1_999 }, { until: 1_000 }, { since: 1_999 }], [events[999], events[0]]],
  ])('filters by %s', async (_, filter, expected) => {
    expect((await ask({}, filter)).events).toEqual(expected);
  });

  it('filters by the first value of single-letter tags', async () => {
    const tagged = [[['t', 'a']], [['t', 'b', 'a']], [['T', 'a']], [['title', 'a']]].map((tags) =>
      factory.event({ tags }),
    );

    const answer = await ask({}, { '#t': ['a', 'z'] }, tagged);

    expect(answer.events).toEqual([tagged[0]]);
  });

  it.each([[{ kinds: [] }], [{ kinds: 'x' }], [{ unknown: [1] }], [{ limit: 1.5 }], [[]]])(
    'calls %j a bad request',
    async (filter) => {
      expect((await ask({}, [filter])).last).toEqual(['NOTICE', expect.stringContaining('bad req')]);
    },
  );

  it('caps silently, and per filter', async () => {
    const one = await ask({ cap: 100 }, { limit: 500 });
    const two = await ask({ cap: 100 }, [{ kinds: [0] }, { kinds: [1] }]);

    expect(one.events).toEqual(newestFirst.slice(0, 100));
    expect(one.end).toBe('EOSE');
    expect(two.events).toHaveLength(200);
  });

  it('has a limit of its own for filters without one', async () => {
    expect((await ask({ defaultLimit: 7 }, {})).events).toHaveLength(7);
    expect((await ask({ defaultLimit: 7 }, { limit: 9 })).events).toHaveLength(9);
  });

  it('serves the oldest first', async () => {
    expect((await ask({ order: 'oldest' }, { limit: 10 })).events).toEqual(events.slice(0, 10));
  });

  it('serves the newest ones shuffled, differently each time', async () => {
    await using relay = await startScriptedRelay({ events, temper: { order: 'shuffled' } });
    await using client = await connectRaw(relay.url);

    const [first, second] = [await client.ask({ limit: 50 }), await client.ask({ limit: 50 })];

    expect(seconds(first)).not.toEqual([...seconds(first)].sort((a, b) => b - a));
    expect([...seconds(first)].sort((a, b) => b - a)).toEqual(
      newestFirst.slice(0, 50).map(({ created_at }) => created_at),
    );
    expect(seconds(second)).not.toEqual(seconds(first));
  });

  it('leaves out the seconds that exclusive bounds name', async () => {
    expect(seconds(await ask({ exclusiveBounds: true }, { since: 1_100, until: 1_103 }))).toEqual([1_102, 1_101]);
  });

  it('ignores until', async () => {
    expect(seconds(await ask({ ignoresUntil: true }, { until: 1_500, limit: 3 }))).toEqual([1_999, 1_998, 1_997]);
  });

  it('ignores limit', async () => {
    expect((await ask({ ignoresLimit: true }, { limit: 3 })).events).toHaveLength(1_000);
  });

  describe('until below 1', () => {
    const old = factory.many(3, (index) => ({ created_at: index }));

    it.each([
      ['absent', 0, [2, 1, 0]],
      ['absent', -5, [2, 1, 0]],
      ['absent', 1, [1, 0]],
      ['literal', 0, [0]],
      ['literal', -5, []],
    ] as const)('taken as %s: until %i gives %j', async (untilBelowOne, until, expected) => {
      expect(seconds(await ask({ untilBelowOne }, { until }, old))).toEqual(expected);
    });

    it.each([
      ['closed', 'CLOSED'],
      ['notice', 'NOTICE'],
    ] as const)('refused by %s', async (untilBelowOne, end) => {
      expect((await ask({ untilBelowOne }, { until: 0 }, old)).end).toBe(end);
      expect((await ask({ untilBelowOne }, { until: 1 }, old)).end).toBe('EOSE');
    });
  });

  it.each([
    [{ limit: 10 }, 'more'],
    [{ since: 1_990 }, 'finish'],
    [{ since: 1_990, limit: 10 }, 'finish'],
    [{ since: 5_000 }, 'finish'],
  ])('hints (NIP-67): %j is answered by %s', async (filter, hint) => {
    expect((await ask({ nip67: true, cap: 100 }, filter)).last).toEqual(['EOSE', 's1', [hint]]);
  });

  it('repeats some events in a page', async () => {
    const { events: answered } = await ask({ duplicates: 0.2 }, { limit: 100 });

    expect(new Set(answered.map(({ id }) => id)).size).toBe(100);
    expect(answered.length).toBeGreaterThan(105);
    expect(answered.length).toBeLessThan(140);
  });

  it('breaks the same share of signatures in every answer, and leaves those events out of the truth', async () => {
    await using relay = await startScriptedRelay({ events, temper: { badSignatures: 0.1 } });
    await using client = await connectRaw(relay.url);

    const [first, second] = [await client.ask({}), await client.ask({})];
    const good = first.events.filter(({ id, pubkey, sig }) =>
      verifySchnorr(Buffer.from(id, 'hex'), Buffer.from(pubkey, 'hex'), Buffer.from(sig, 'hex')),
    );

    expect(good.length).toBeGreaterThan(850);
    expect(good.length).toBeLessThan(950);
    expect(second.events).toEqual(first.events);
    expect(relay.truth()).toEqual(good);
  });

  it('mixes in events that were not asked for', async () => {
    const { events: answered } = await ask({ outsideFilter: 30 }, { kinds: [1], limit: 20 });

    expect(answered).toHaveLength(50);
    expect(answered.filter(({ kind }) => kind !== 1)).toHaveLength(30);
  });

  it('answers with a random part, another one each time', async () => {
    await using relay = await startScriptedRelay({ events, temper: { randomAnswers: 0.7 } });
    await using client = await connectRaw(relay.url);

    const [first, second] = [await client.ask({}), await client.ask({})];

    for (const { events: answered, end } of [first, second]) {
      expect(Math.abs(answered.length - 700)).toBeLessThan(60);
      expect(end).toBe('EOSE');
    }
    expect(seconds(first)).not.toEqual(seconds(second));
  });

  it('does all of that alike for the same seed', async () => {
    const temper: Temper = { order: 'shuffled', duplicates: 0.1, outsideFilter: 3, randomAnswers: 0.9 };

    expect(await ask(temper, { kinds: [1], limit: 100 })).toEqual(await ask(temper, { kinds: [1], limit: 100 }));
  });
});
