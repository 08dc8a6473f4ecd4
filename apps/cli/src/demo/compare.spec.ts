import type { NostrEvent } from '@bigbrotr/models';
import { createEventFactory, type EndpointTruth } from '@bigbrotr/testing';
import { describe, expect, it } from '@jest/globals';

import { compare, type Archive } from './compare.js';

const [one, two, three, stranger] = createEventFactory({ seed: 1 }).many(4) as [
  NostrEvent,
  NostrEvent,
  NostrEvent,
  NostrEvent,
];

const truth: readonly EndpointTruth[] = [
  { name: 'a', url: 'ws://a', verdict: 'online', events: [one, two] },
  { name: 'b', url: 'ws://b', verdict: 'auth', events: [two, three] },
  { name: 'c', url: 'ws://c', verdict: 'unreachable', events: [] },
];

/** What a faultless archive of the above says, each part replaceable. */
function archive(changes: Partial<Archive> = {}): Archive {
  return {
    events: [one, two, three],
    sightings: truth.flatMap(({ url, events }) => events.map(({ id }) => ({ eventId: id, url }))),
    verdicts: new Map(truth.map(({ url, verdict }) => [url, verdict])),
    ...changes,
  };
}

const NOTHING = { missing: [], altered: [], invented: [] };

describe('compare', () => {
  it('finds no fault with an archive that says what is true', () => {
    expect(compare(truth, archive())).toEqual({
      ok: true,
      events: { expected: 3, found: 3, ...NOTHING },
      provenance: { expected: 4, found: 4, ...NOTHING },
      verdicts: { expected: 3, found: 3, ...NOTHING },
      endpoints: [
        { name: 'a', url: 'ws://a', expectedVerdict: 'online', verdict: 'online', expectedEvents: 2, foundEvents: 2 },
        { name: 'b', url: 'ws://b', expectedVerdict: 'auth', verdict: 'auth', expectedEvents: 2, foundEvents: 2 },
        {
          name: 'c',
          url: 'ws://c',
          expectedVerdict: 'unreachable',
          verdict: 'unreachable',
          expectedEvents: 0,
          foundEvents: 0,
        },
      ],
    });
  });

  it('does not mind the order', () => {
    const { events, sightings, verdicts } = archive();

    const reversed = {
      events: events.toReversed(),
      sightings: sightings.toReversed(),
      verdicts: new Map([...verdicts].reverse()),
    };

    expect(compare(truth, reversed).ok).toBe(true);
  });

  it('misses an event', () => {
    const { ok, events } = compare(truth, archive({ events: [one, two] }));

    expect(ok).toBe(false);
    expect(events).toEqual({ expected: 3, found: 2, ...NOTHING, missing: [three.id] });
  });

  it('misses one of the relays of an event', () => {
    const { sightings } = archive();

    const { ok, events, provenance, endpoints } = compare(truth, archive({ sightings: sightings.slice(1) }));

    expect(ok).toBe(false);
    expect(events.found).toBe(3);
    expect(provenance).toEqual({ expected: 4, found: 3, ...NOTHING, missing: [`${one.id} ws://a`] });
    expect(endpoints[0]).toMatchObject({ expectedEvents: 2, foundEvents: 1 });
  });

  it('notices an event that no relay holds', () => {
    const { ok, events } = compare(truth, archive({ events: [...archive().events, stranger] }));

    expect(ok).toBe(false);
    expect(events.invented).toEqual([stranger.id]);
  });

  it.each([
    ['of an event that is elsewhere', { eventId: one.id, url: 'ws://b' }],
    ['of an event that is nowhere', { eventId: stranger.id, url: 'ws://a' }],
    ['on a relay that does not exist', { eventId: one.id, url: 'ws://d' }],
  ])('notices a sighting %s', (_what, sighting) => {
    const { ok, provenance } = compare(truth, archive({ sightings: [...archive().sightings, sighting] }));

    expect(ok).toBe(false);
    expect(provenance).toMatchObject({ found: 4, invented: [`${sighting.eventId} ${sighting.url}`] });
  });

  it.each([
    ['content', { content: 'rewritten' }],
    ['tags', { tags: [['t', 'added']] }],
    ['time', { created_at: one.created_at + 1 }],
    ['kind', { kind: 2 }],
    ['author', { pubkey: stranger.pubkey.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) }],
    ['signature', { sig: stranger.sig }],
  ])('notices an event with another %s', (_what, change) => {
    const { ok, events } = compare(truth, archive({ events: [{ ...one, ...change }, two, three] }));

    expect(ok).toBe(false);
    expect(events).toEqual({ expected: 3, found: 2, ...NOTHING, altered: [one.id] });
  });

  it.each<[string, [string, string][], object]>([
    [
      'a wrong one',
      [
        ['ws://a', 'online'],
        ['ws://b', 'online'],
        ['ws://c', 'unreachable'],
      ],
      { found: 2, altered: ['ws://b'] },
    ],
    [
      'none',
      [
        ['ws://a', 'online'],
        ['ws://b', 'auth'],
      ],
      { found: 2, missing: ['ws://c'] },
    ],
    [
      'one of what does not exist',
      [
        ['ws://a', 'online'],
        ['ws://b', 'auth'],
        ['ws://c', 'unreachable'],
        ['ws://d', 'online'],
      ],
      { found: 3, invented: ['ws://d'] },
    ],
  ])('tells verdicts apart: %s', (_what, verdicts, expected) => {
    const comparison = compare(truth, archive({ verdicts: new Map(verdicts) }));

    expect(comparison.ok).toBe(false);
    expect(comparison.verdicts).toEqual({ expected: 3, ...NOTHING, ...expected });
  });
});
