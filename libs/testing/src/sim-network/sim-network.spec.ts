import { once } from 'node:events';

import { computeEventId, type NostrEvent } from '@bigbrotr/models';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { verifySchnorr } from 'tiny-secp256k1';
import { WebSocket } from 'ws';

import { createEventFactory } from '../event-factory.js';
import { connectRaw, type RawClient } from '../scripted-relay/raw-client.js';
import { BURST } from './common-events.js';
import { startSimNetwork, type EndpointTruth, type SimNetwork } from './sim-network.js';

/** For answers of hundreds of events on a busy machine. */
const PATIENT = { quietMs: 10_000 };

/** Everything that a URL can be read from, as a plain reader of the protocol would. */
function urlsIn({ kind, tags, content }: NostrEvent): string[] {
  const tagged = kind === 10_002 ? tags.filter(([name]) => name === 'r').map(([, url]) => url!) : [];
  if (kind === 2) return [content];
  if (kind === 3 && content !== '') return Object.keys(JSON.parse(content) as object);
  return tagged;
}

/** Pages downwards until nothing new comes. */
async function readAll(client: RawClient): Promise<Map<string, NostrEvent>> {
  const found = new Map<string, NostrEvent>();
  for (let until: number | undefined; ;) {
    const { events, end } = await client.ask({ limit: 500, ...(until !== undefined && { until }) }, PATIENT);
    expect(end).toBe('EOSE');
    const before = found.size;
    for (const event of events) found.set(event.id, event);
    if (found.size === before) return found;
    until = events.at(-1)!.created_at;
  }
}

describe('simulated network', () => {
  let network: SimNetwork;
  let truth: readonly EndpointTruth[];
  const named = (name: string): EndpointTruth => truth.find((endpoint) => endpoint.name === name)!;

  beforeAll(async () => {
    network = await startSimNetwork();
    truth = network.truth();
  });
  afterAll(() => network.close());

  it('has endpoints of every sort, each at a URL of its own', () => {
    const verdicts = truth.map(({ verdict }) => verdict);

    expect(verdicts.filter((verdict) => verdict === 'online')).toHaveLength(5);
    expect(new Set(verdicts)).toEqual(new Set(['online', 'auth', 'not_nostr', 'unreachable']));
    expect(new Set(truth.map(({ url }) => url)).size).toBe(truth.length);
    expect(truth.every(({ url }) => /^ws:\/\/127\.0\.0\.1:\d+$/.test(url))).toBe(true);
    expect(network.endpoints.map(({ url }) => url)).toEqual(truth.map(({ url }) => url));
  });

  it('holds more than 5,000 distinct events of many kinds, all valid and long past', () => {
    const events = new Map(truth.flatMap((endpoint) => endpoint.events.map((event) => [event.id, event])));
    const all = [...events.values()];

    expect(all.length).toBeGreaterThan(5_000);
    expect([0, 1, 2, 3, 7, 10_002, 30_023].filter((kind) => !all.some((event) => event.kind === kind))).toEqual([]);
    expect(all.every((event) => computeEventId(event) === event.id)).toBe(true);
    expect(
      all.every(({ id, pubkey, sig }) =>
        verifySchnorr(Buffer.from(id, 'hex'), Buffer.from(pubkey, 'hex'), Buffer.from(sig, 'hex')),
      ),
    ).toBe(true);
    expect(Math.max(...all.map(({ created_at }) => created_at))).toBeLessThan(Date.now() / 1000 - 86_400);
  });

  it('spreads them so that relays overlap and none is like another', () => {
    const relays = truth.filter(({ events }) => events.length > 0);
    const ids = relays.map(({ events }) => new Set(events.map(({ id }) => id)));

    expect(relays).toHaveLength(6);
    for (const [index, mine] of ids.entries()) {
      expect(mine.size).toBeGreaterThan(1_000);
      for (const other of ids.slice(index + 1)) {
        const shared = [...mine].filter((id) => other.has(id)).length;
        expect(shared).toBeGreaterThan(100);
        expect(shared).toBeLessThan(Math.min(mine.size, other.size));
      }
    }
  });

  it('has a burst on two relays, and not where answers are capped', () => {
    const bursts = truth.map(({ events }) => events.filter(({ created_at }) => created_at === BURST.at).length);

    expect(bursts.filter((count) => count >= 300)).toHaveLength(2);
    expect(bursts.filter((count) => count > 0)).toHaveLength(2);
  });

  it('leads from the seed to every endpoint through events of valid relays', () => {
    const found = new Set([network.seedUrl]);
    for (const url of found) {
      const { events } = truth.find((endpoint) => endpoint.url === url)!;
      const local = events.flatMap(urlsIn).filter((mentioned) => mentioned.includes('127.0.0.1'));
      for (const mentioned of local) found.add(mentioned);
    }

    expect(found).toEqual(new Set(truth.map(({ url }) => url)));
    expect(named('harbour').url).toBe(network.seedUrl);
  });

  it('names one endpoint only where a reader has to authenticate, and one only at the bottom of a capped relay', () => {
    const naming = (url: string): string[] =>
      truth.filter(({ events }) => events.flatMap(urlsIn).includes(url)).map(({ name }) => name);

    expect(naming(named('island').url)).toEqual(['customs']);
    expect(naming(named('wreck').url)).toEqual(['narrows']);
    const position = named('narrows').events.findIndex((event) => urlsIn(event).includes(named('wreck').url));
    expect(position).toBeGreaterThan(named('narrows').events.length - 10);
  });

  it.each(['harbour', 'lighthouse', 'quay', 'island', 'narrows'])('serves by %s what its truth says', async (name) => {
    await using client = await connectRaw(named(name).url);

    const read = await readAll(client);

    expect(new Set(read.keys())).toEqual(new Set(named(name).events.map(({ id }) => id)));
  });

  it('serves by customs what its truth says, after NIP-42', async () => {
    const { url, events } = named('customs');
    await using client = await connectRaw(url);
    const [, challenge] = await client.frame(([verb]) => verb === 'AUTH');
    expect((await client.ask({})).end).toBe('CLOSED');

    const now = Math.floor(Date.now() / 1000);
    const tags = [
      ['relay', url],
      ['challenge', challenge as string],
    ];
    client.send('AUTH', createEventFactory({ seed: 5 }).event({ kind: 22_242, created_at: now, tags, content: '' }));

    expect(new Set((await readAll(client)).keys())).toEqual(new Set(events.map(({ id }) => id)));
  });

  it('serves a hundred at a time by narrows', async () => {
    await using client = await connectRaw(named('narrows').url);

    expect((await client.ask({ limit: 500 }, PATIENT)).events).toHaveLength(100);
  });

  it('has a parrot that repeats what it hears', async () => {
    await using client = await connectRaw(named('parrot').url);

    client.send('REQ', 'x', {});

    expect(await client.frame(() => true)).toEqual(['REQ', 'x', {}]);
  });

  it('has a wreck where nobody answers', async () => {
    const socket = new WebSocket(named('wreck').url, { handshakeTimeout: 2_000 });

    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];

    expect(error.code).toBe('ECONNREFUSED');
  });

  it('is the same each time, but for the events that name ports', async () => {
    await using again = await startSimNetwork({ events: 500 });
    await using more = await startSimNetwork({ events: 500 });
    await using other = await startSimNetwork({ events: 500, seed: 2 });
    const ids = (one: SimNetwork): string[] =>
      one
        .truth()
        .flatMap(({ events }) =>
          events.filter((event) => urlsIn(event).every((url) => !url.includes('127.0.0.1'))).map(({ id }) => id),
        );

    expect(ids(again)).toEqual(ids(more));
    expect(ids(again)).not.toEqual(ids(other));
  });

  it('leaves nothing open, and keeps its truth', async () => {
    const closing = await startSimNetwork({ events: 500 });
    const before = closing.truth();

    await closing.close();

    expect(closing.truth()).toEqual(before);
    for (const { url } of closing.endpoints) {
      const socket = new WebSocket(url, { handshakeTimeout: 2_000 });
      const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
      expect(error.code).toBe('ECONNREFUSED');
    }
  });
});
