import { describe, expect, it } from '@jest/globals';
import { createRandom, type Random } from '@bigbrotr/testing';
import fc from 'fast-check';

import {
  OPEN,
  PageWalk,
  type PageAnswer,
  type PageHabits,
  type PageRequest,
  type Position,
  type Proven,
} from './page-walk.js';

interface Manner {
  readonly cap?: number;
  readonly order?: 'newest' | 'oldest' | 'shuffled';
  readonly exclusive?: 'both' | 'since' | 'until';
  readonly ignoresUntil?: boolean;
  readonly untilZeroIsAbsent?: boolean;
  readonly hints?: boolean;
  readonly answers?: number;
  /** Events outside the request, with each page. */
  readonly strays?: number;
  /** Each n-th event held is taken out of pages after the limit was applied. */
  readonly hides?: number;
  /** New events that appear after each page. */
  readonly arrivals?: readonly Position[];
}

/** Answers as a relay of that manner; our own reading of NIP-01. */
function relay(held: readonly Position[], manner: Manner, random: Random): (request: PageRequest) => PageAnswer {
  const events = [...held].sort((a, b) => b.created_at - a.created_at || (a.id < b.id ? -1 : 1));
  const arrivals = [...(manner.arrivals ?? [])];
  return (request) => {
    const { cap = Infinity, order = 'newest', exclusive, answers = 1, strays = 0 } = manner;
    const asked = matching(events, request.since ?? -Infinity, request.until ?? Infinity);
    let { since = -Infinity, until = Infinity } = request;
    if (exclusive === 'both' || exclusive === 'since') since++;
    if (exclusive === 'both' || exclusive === 'until') until--;
    if (manner.ignoresUntil === true || (request.until !== undefined && request.until < 1)) until = Infinity;
    let found = matching(events, since, until);
    if (request.ids) found = found.filter((e) => request.ids?.includes(e.id));
    if (order === 'oldest') found.reverse();
    const limit = Math.min(cap, request.limit);
    let page = found.slice(0, limit);
    if (order === 'shuffled') page = random.shuffle(page);
    page = page.filter((e) => !isHidden(e, manner) && random.chance(answers));
    const next = arrivals.shift();
    if (next)
      events.splice(
        events.findIndex((e) => e.created_at <= next.created_at),
        0,
        next,
      );
    return {
      events: page.filter((e) => asked.includes(e) && (!request.ids || request.ids.includes(e.id))),
      strays: page.filter((e) => !asked.includes(e)).length + strays,
      finish: manner.hints === true && found.length <= limit,
      more: manner.hints === true && found.length > limit,
    };
  };
}

function isHidden({ id }: Position, { hides }: Manner): boolean {
  return hides !== undefined && parseInt(id, 16) % hides === 0;
}

function matching(events: readonly Position[], since: number, until: number): Position[] {
  return events.filter((e) => e.created_at >= since && e.created_at <= until);
}

interface Walked {
  readonly fetched: ReadonlySet<string>;
  readonly proven: readonly Proven[];
  readonly dense: readonly number[];
  readonly end: string | undefined;
  readonly requests: number;
  readonly habits: PageHabits;
}

const NEW_HABITS: PageHabits = { limit: 500, cap: 0, steady: 'unknown' };
const SETTLED = 10_000_000;

function walkAll(
  ask: (request: PageRequest) => PageAnswer,
  gap = { since: 0, until: OPEN },
  habits: PageHabits = NEW_HABITS,
  stopAfter = Infinity,
): Walked {
  const walk = new PageWalk(gap, habits, SETTLED);
  const fetched = new Set<string>();
  const proven: Proven[] = [];
  const dense: number[] = [];
  for (let requests = 1; ; requests++) {
    if (requests > 2_000) throw new Error('the walk does not end');
    const request = walk.next();
    if (request.until !== undefined && request.until < 1) throw new Error('until below 1');
    const answer = ask(request);
    for (const e of answer.events) fetched.add(e.id);
    const step = walk.absorb(answer);
    proven.push(...step.proven);
    dense.push(...step.dense);
    if (step.end !== undefined || requests >= stopAfter)
      return { fetched, proven, dense, end: step.end, requests, habits: walk.habits };
  }
}

/** What is held in a proven interval and was never fetched. */
function untold(held: readonly Position[], walked: Pick<Walked, 'fetched' | 'proven'>): Position[] {
  return held.filter(
    (e) => !walked.fetched.has(e.id) && walked.proven.some((p) => e.created_at >= p.since && e.created_at <= p.until),
  );
}

function missed(held: readonly Position[], walked: Walked): number {
  return held.filter((e) => !walked.fetched.has(e.id)).length;
}

let serial = 0;
function at(...seconds: number[]): Position[] {
  return seconds.map((created_at) => ({ id: (serial++).toString(16).padStart(8, '0'), created_at }));
}

function spread(count: number, from = 1_000, step = 7): Position[] {
  return at(...Array.from({ length: count }, (_, i) => from + i * step));
}

const burst = (count: number, second: number) => at(...Array.from({ length: count }, () => second));

describe('PageWalk', () => {
  it.each<[string, Manner, readonly Position[], number]>([
    ['a plain relay, cap 500', { cap: 500 }, spread(5_000), 16],
    ['a silent cap of 100', { cap: 100 }, spread(5_000), 66],
    ['no cap at all', {}, spread(5_000), 16],
    ['shuffled pages', { cap: 500, order: 'shuffled' }, spread(5_000), 16],
    ['the oldest first', { cap: 500, order: 'oldest' }, spread(5_000), 16],
    ['the oldest first, bounds left out', { cap: 500, order: 'oldest', exclusive: 'both' }, spread(5_000), 18],
    ['bounds left out', { cap: 500, exclusive: 'both' }, spread(5_000), 18],
    ['only until left out', { cap: 500, exclusive: 'until' }, spread(5_000), 18],
    ['only since left out', { cap: 500, exclusive: 'since', order: 'oldest' }, spread(5_000), 18],
    ['12 events at second 0', { cap: 500 }, [...burst(12, 0), ...spread(5_000)], 22],
    ['NIP-67 hints', { cap: 500, hints: true }, spread(5_000), 20],
    ['strays with each page', { cap: 500, strays: 20 }, spread(5_000), 22],
    ['a few of each page hidden after the limit', { cap: 500, hides: 15 }, spread(5_000), 24],
    ['ties all over', { cap: 500 }, at(...Array.from({ length: 5_000 }, (_, i) => 1_000 + Math.floor(i / 90))), 26],
    ['one event', { cap: 500 }, spread(1), 5],
    ['one event, bounds left out', { cap: 500, exclusive: 'both' }, spread(1), 6],
    ['12 events in one second and nothing else', { cap: 500 }, burst(12, 77), 5],
    ['no event', {}, [], 1],
    ['an empty relay with strays', { strays: 5 }, [], 1],
    [
      'events of the year 2100 and beyond 2^31',
      { cap: 100 },
      [...spread(300), ...spread(300, 4_102_444_800), ...spread(300, 2 ** 40)],
      16,
    ],
  ])('proves all of %s', (_, manner, held, atMost) => {
    const walked = walkAll(relay(held, manner, createRandom(1)));

    expect({ end: walked.end, dense: walked.dense }).toEqual({ end: 'done', dense: [] });
    expect(
      missed(
        held.filter((e) => !isHidden(e, manner)),
        walked,
      ),
    ).toBe(0);
    expect(walked.proven.reduce((n, p) => n + (p.until - p.since + 1), 0)).toBe(OPEN + 1);
    expect(walked.requests).toBeLessThanOrEqual(atMost);
  });

  it('counts each event in the interval that it lies in', () => {
    const held = spread(1_234);

    const { proven } = walkAll(relay(held, { cap: 100 }, createRandom(1)));

    for (const p of proven) expect(p.events).toBe(matching(held, p.since, p.until).length);
  });

  it.each<[string, Manner, readonly Position[], string]>([
    ['ignores until', { cap: 500, ignoresUntil: true }, spread(5_000), 'ignores-bounds'],
    ['answers at random', { cap: 500, answers: 0.7 }, spread(5_000), 'inconsistent'],
    ['answers at random, oldest first', { cap: 500, answers: 0.7, order: 'oldest' }, spread(5_000), 'inconsistent'],
  ])('admits that a relay that %s cannot be paged', (_, manner, held, reason) => {
    const walked = walkAll(relay(held, manner, createRandom(1)));

    expect(walked.end).toBe(reason);
    expect(untold(held, walked)).toEqual([]);
  });

  it.each<[string, readonly Position[]]>([
    ['in the middle', [...spread(900), ...burst(3_000, 50_000), ...spread(900, 60_000)]],
    ['at the top', [...spread(900), ...burst(3_000, 50_000)]],
    ['at the bottom', [...burst(3_000, 500), ...spread(900)]],
    ['at second 0', [...burst(3_000, 0), ...spread(900)]],
    ['at second 0, below a dense second 1', [...burst(3, 0), ...burst(3_000, 1), ...spread(900)]],
    ['as all there is', burst(3_000, 500)],
    ['next to another one', [...burst(700, 500), ...burst(700, 501), ...spread(900)]],
  ])('walks around a second that is too dense %s, and never takes it for proven', (_, held) => {
    for (const exclusive of [undefined, 'both'] as const) {
      const walked = walkAll(relay(held, { cap: 500, ...(exclusive && { exclusive }) }, createRandom(1)));

      expect(walked.end).toBe('done');
      expect(walked.dense.length).toBeGreaterThan(0);
      expect(untold(held, walked)).toEqual([]);
      expect(
        missed(
          held.filter((e) => !walked.dense.includes(e.created_at)),
          walked,
        ),
      ).toBe(0);
    }
  });

  it('goes on when the events of the boundary second are deleted', () => {
    const held = spread(1_200);
    const before = relay(held, { cap: 500 }, createRandom(1));
    const after = relay(
      held.filter((e) => e !== held[700]),
      { cap: 500 },
      createRandom(1),
    );
    let asked = 0;

    const walked = walkAll((request) => (++asked <= 2 ? before : after)(request));

    expect(walked.end).toBe('done');
    expect(missed(held, walked)).toBe(0);
  });

  it('is not led astray by events that arrive meanwhile, however old', () => {
    const held = spread(3_000);
    const arrivals = at(...Array.from({ length: 30 }, (_, i) => (i === 0 ? 30_000 : 2_000 + i * 500)));

    const walked = walkAll(relay(held, { cap: 500, arrivals }, createRandom(1)));

    expect(walked.end).toBe('done');
    expect(untold(held, walked)).toEqual([]);
    expect(missed(held, walked)).toBe(0);
  });

  it('takes up the walk anywhere, knowing nothing of the bounds', () => {
    const held = [...spread(900, 1_000, 1), ...burst(300, 1_400)];
    for (const exclusive of ['both', undefined] as const) {
      for (const order of ['newest', 'oldest'] as const) {
        const manner: Manner = { cap: 500, order, ...(exclusive && { exclusive }) };
        for (const gap of [
          { since: 0, until: 1_500 },
          { since: 1_300, until: OPEN },
          { since: 1_200, until: 1_600 },
          { since: 1_400, until: 1_400 },
        ]) {
          const walked = walkAll(relay(held, manner, createRandom(1)), gap, { limit: 500, cap: 500, steady: 'yes' });

          expect({ gap, order, exclusive, end: walked.end, dense: walked.dense }).toMatchObject({
            end: 'done',
            dense: [],
          });
          expect(missed(matching(held, gap.since, gap.until), walked)).toBe(0);
        }
      }
    }
  });

  it('asks for less when answers are cut, and does not compare pages of different size', () => {
    const held = spread(1_000);
    const answer = relay(held, {}, createRandom(1));
    const walk = new PageWalk({ since: 0, until: OPEN }, NEW_HABITS, SETTLED);
    walk.absorb(answer(walk.next()));

    walk.shrink(120);
    const step = walk.absorb(answer(walk.next()));

    expect(walk.next().limit).toBe(96);
    expect(step.end).toBeUndefined();
  });

  it('costs at most 1.15 requests per full page and ten more', () => {
    const walked = walkAll(relay(spread(50_000, 1_000, 3), { cap: 500 }, createRandom(1)));

    expect(walked.requests).toBeLessThanOrEqual(1.15 * 100 + 10);
  });

  it('never claims what it was not told, whatever the relay does', () => {
    const manners = fc.record(
      {
        cap: fc.integer({ min: 20, max: 60 }),
        order: fc.constantFrom('newest' as const, 'oldest' as const, 'shuffled' as const),
        exclusive: fc.constantFrom('both' as const, 'since' as const, 'until' as const),
        ignoresUntil: fc.boolean(),
        hints: fc.boolean(),
        strays: fc.integer({ min: 0, max: 5 }),
      },
      { requiredKeys: ['cap', 'order'] },
    );
    const seconds = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 400 });
    fc.assert(
      fc.property(manners, seconds, fc.integer({ min: 1, max: 30 }), fc.integer(), (manner, times, stopAfter, seed) => {
        const held = at(...times);
        const walked = walkAll(
          relay(held, manner, createRandom(seed)),
          { since: 0, until: OPEN },
          { ...NEW_HABITS, limit: 50 },
          stopAfter,
        );
        expect(untold(held, walked)).toEqual([]);
      }),
      { seed: 4, numRuns: 600 },
    );
  });
});
