import { describe, expect, it } from '@jest/globals';
import type { NostrEvent } from '@bigbrotr/models';
import { breakId, breakSignature, createEventFactory } from '@bigbrotr/testing';
import { createVerifier } from '@bigbrotr/utils';

import { judgePage, type JudgedPage, type JudgeOptions } from './judge-page.js';

const factory = createEventFactory({ seed: 11 });
const never = new AbortController().signal;

async function judge(
  raws: readonly unknown[],
  options: Partial<JudgeOptions> = {},
  stored: readonly NostrEvent[] = [],
): Promise<JudgedPage> {
  const verifier = await createVerifier({ engine: 'wasm' });
  const seqs = new Map(stored.map((event, i) => [event.id, i + 1]));
  const known = (ids: readonly string[]) => Promise.resolve(new Map([...seqs].filter(([id]) => ids.includes(id))));
  return judgePage(
    raws,
    { filter: {}, expiration: 'keep', at: 1_800_000_000, ...options },
    { writer: { known }, verifyMany: (items, signal) => verifier.verifyMany(items, signal) },
    never,
  );
}

const verdictsOf = (page: JudgedPage) => Object.fromEntries(page.verdicts);

describe('judgePage', () => {
  it('takes each good event once', async () => {
    const events = factory.many(3);

    const page = await judge([...events, ...events]);

    expect(page.fresh).toEqual(events);
    expect(page.positions.map((p) => p.id)).toEqual(events.map((e) => e.id));
    expect(page).toMatchObject({ strays: 0, declined: [], known: [] });
  });

  it('adds provenance to what is stored, without looking at the signature again', async () => {
    const [event] = factory.many(1);

    const page = await judge([breakSignature(event!)], {}, [event!]);

    expect(page).toMatchObject({ fresh: [], known: [{ seq: 1, createdAt: event!.created_at }], declined: [] });
  });

  it('never makes provenance of a forged body under a known id', async () => {
    const [event] = factory.many(1);

    const page = await judge([{ ...event!, content: 'forged' }], {}, [event!]);

    expect(page).toMatchObject({ fresh: [], known: [] });
    expect(verdictsOf(page)).toEqual({ 'wrong-id': 1 });
  });

  it('is not kept from a good event by a forged one with its id, whichever comes first', async () => {
    const [event] = factory.many(1);
    const forged = { ...event!, content: 'forged', created_at: event!.created_at - 1 };

    for (const raws of [
      [forged, event],
      [event, forged],
      [breakSignature(event!), event],
      [event, breakSignature(event!)],
    ]) {
      const page = await judge(raws);

      expect(page.fresh).toEqual([event]);
      expect(page.positions).toMatchObject([{ id: event!.id, created_at: event!.created_at }]);
    }
  });

  it.each<[string, unknown]>([
    ['no object', 7],
    ['a created_at beyond 2^53', { ...factory.event(), created_at: 2 ** 60 }],
    ['a created_at with a fraction', { ...factory.event(), created_at: 1.5 }],
    ['upper-case hex', { ...factory.event(), id: 'A'.repeat(64) }],
    ['a kind beyond 65535', { ...factory.event(), kind: 65_536 }],
    ['a tag that is no list', { ...factory.event(), tags: ['e'] }],
    ['half of a surrogate pair', { ...factory.event(), content: '\ud800' }],
  ])('turns down %s as malformed', async (_, raw) => {
    const page = await judge([raw]);

    expect(page.fresh).toEqual([]);
    expect(verdictsOf(page)).toEqual({ malformed: 1 });
  });

  it('keeps the place of a broken event: the walk has to get past it', async () => {
    const [event] = factory.many(1);

    expect((await judge([{ ...event!, kind: 70_000 }])).positions).toEqual([
      { id: event!.id, created_at: event!.created_at },
    ]);
    expect((await judge([breakSignature(event!)])).positions).toMatchObject([
      { id: event!.id, created_at: event!.created_at },
    ]);
    expect((await judge([breakId(event!)])).positions).toHaveLength(1);
  });

  it('declines bad signatures and ephemeral events, so that they are not asked for again', async () => {
    const good = factory.event();
    const bad = breakSignature(factory.event());
    const ephemeral = factory.event({ kind: 20_001 });

    const page = await judge([good, bad, ephemeral]);

    expect(page.fresh).toEqual([good]);
    expect(page.declined).toEqual([
      { id: ephemeral.id, createdAt: ephemeral.created_at, reason: 'ephemeral' },
      { id: bad.id, createdAt: bad.created_at, reason: 'bad-signature' },
    ]);
    expect(verdictsOf(page)).toEqual({ declined: 1, 'bad-signature': 1 });
  });

  it('keeps expired events unless the policy says otherwise', async () => {
    const expired = factory.event({ tags: [['expiration', '1700000000']] });

    expect((await judge([expired])).fresh).toEqual([expired]);
    expect((await judge([expired], { expiration: 'drop' })).declined).toMatchObject([
      { id: expired.id, reason: 'expired' },
    ]);
  });

  it('counts what was not asked for as strays', async () => {
    const [inside, outside] = factory.many(2, (i) => ({ created_at: i === 0 ? 1_000 : 2_000 }));

    const page = await judge([inside, outside], { filter: { until: 1_500 } });

    expect(page).toMatchObject({ fresh: [inside], strays: 1, positions: [{ created_at: 1_000 }] });
    expect(verdictsOf(page)).toEqual({ unasked: 1 });
  });

  it('keeps odd but valid events: NUL, year 2100, beyond 2^31, second 0', async () => {
    const odd = [
      factory.event({ content: 'a\0b' }),
      factory.event({ created_at: 4_102_444_800 }),
      factory.event({ created_at: 2 ** 31 + 5 }),
      factory.event({ created_at: 0 }),
      factory.event({ tags: [['x', 'y'.repeat(20_000)]] }),
    ];

    expect((await judge(odd)).fresh).toEqual(odd);
  });
});
