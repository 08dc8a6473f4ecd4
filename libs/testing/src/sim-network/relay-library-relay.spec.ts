import type { NostrEvent } from '@bigbrotr/models';
import { describe, expect, it } from '@jest/globals';

import { createEventFactory } from '../event-factory.js';
import { connectRaw, type RawClient } from '../scripted-relay/raw-client.js';
import { startRelayLibraryRelay, type RelayLibraryRelay } from './relay-library-relay.js';

const factory = createEventFactory({ seed: 71, authors: 3 });
const events = factory.many(1_200, (index) => ({ created_at: 1_000 + Math.floor(index / 3), kind: index % 3 }));
const newestFirst = [...events].sort((a, b) => b.created_at - a.created_at || (a.id < b.id ? -1 : 1));

/** For answers of hundreds of events on a busy machine. */
const PATIENT = { quietMs: 10_000 };

async function start(
  options: { readonly maxLimit?: number; readonly demandsAuth?: boolean } = {},
): Promise<RelayLibraryRelay> {
  const relay = await startRelayLibraryRelay({ name: 'test', ...options });
  relay.load(events);
  return relay;
}

function authEvent(relay: string, challenge: string): NostrEvent {
  const tags = [
    ['relay', relay],
    ['challenge', challenge],
  ];
  return factory.event({ kind: 22_242, created_at: Math.floor(Date.now() / 1000), tags, content: '' });
}

async function challengeOf(client: RawClient): Promise<string> {
  const [, challenge] = await client.frame(([verb]) => verb === 'AUTH');
  return challenge as string;
}

describe('relay built on the relay library', () => {
  it.each([
    ['everything', {}, 500, () => true],
    ['a limit', { limit: 7 }, 7, () => true],
    ['a kind', { kinds: [2] }, 400, ({ kind }: NostrEvent) => kind === 2],
    [
      'an author',
      { authors: [factory.authors[1]], limit: 100 },
      100,
      ({ pubkey }: NostrEvent) => pubkey === factory.authors[1],
    ],
    [
      'ids',
      { ids: [events[5]!.id, events[900]!.id] },
      2,
      ({ id }: NostrEvent) => id === events[5]!.id || id === events[900]!.id,
    ],
    [
      'an inclusive window',
      { since: 1_010, until: 1_011 },
      6,
      ({ created_at }: NostrEvent) => created_at === 1_010 || created_at === 1_011,
    ],
    ['nothing', { kinds: [9] }, 0, () => false],
  ])('answers a filter for %s, newest first, and an EOSE', async (_what, filter, count, expected) => {
    await using relay = await start();
    await using client = await connectRaw(relay.url);

    const answer = await client.ask(filter, PATIENT);

    expect(answer.end).toBe('EOSE');
    expect(answer.events).toEqual(newestFirst.filter(expected).slice(0, count));
    expect(answer.events).toHaveLength(count);
  });

  it('caps what it is asked for without a word', async () => {
    await using relay = await start({ maxLimit: 100 });
    await using client = await connectRaw(relay.url);

    const [page, small] = [await client.ask({ limit: 500 }, PATIENT), await client.ask({ limit: 20 }, PATIENT)];

    expect(page.events).toEqual(newestFirst.slice(0, 100));
    expect(small.events).toHaveLength(20);
    expect(client.frames.some(([verb]) => verb === 'NOTICE')).toBe(false);
  });

  it('answers what is no request with a NOTICE, and goes on', async () => {
    await using relay = await start();
    await using client = await connectRaw(relay.url);

    client.send('COUNT', 'x', {});
    await client.frame(([verb]) => verb === 'NOTICE');

    expect((await client.ask({ limit: 1 }, PATIENT)).end).toBe('EOSE');
  });

  it('stores a valid event that is published, and refuses a forged one', async () => {
    await using relay = await start();
    await using client = await connectRaw(relay.url);
    const event = factory.event();

    client.send('EVENT', event);
    client.send('EVENT', { ...factory.event(), content: 'forged' });
    await client.frame(([verb, id, accepted]) => verb === 'OK' && id === event.id && accepted === true);
    await client.frame(([verb, , accepted]) => verb === 'OK' && accepted === false);

    expect(relay.dump()).toHaveLength(events.length + 1);
    expect(relay.dump()).toContainEqual(event);
  });

  it('tells about itself over HTTP on the same port', async () => {
    await using relay = await start({ demandsAuth: true });
    const url = relay.url.replace('ws:', 'http:');

    const document = await fetch(url, { headers: { accept: 'application/nostr+json' } });
    const page = await fetch(url);

    expect(document.headers.get('content-type')).toBe('application/nostr+json');
    expect(await document.json()).toMatchObject({
      name: 'test',
      supported_nips: [1, 11, 42],
      limitation: { auth_required: true },
    });
    expect(await page.text()).toContain('Use a Nostr client');
  });

  describe('that demands NIP-42', () => {
    it('serves nothing before', async () => {
      await using relay = await start({ demandsAuth: true });
      await using client = await connectRaw(relay.url);
      await challengeOf(client);

      const answer = await client.ask({ limit: 1 }, PATIENT);
      client.send('EVENT', factory.event());
      const [, , accepted] = await client.frame(([verb]) => verb === 'OK');

      expect(answer).toMatchObject({ events: [], end: 'CLOSED' });
      expect(answer.last?.[2]).toMatch(/^auth-required: /);
      expect(accepted).toBe(false);
      expect(relay.dump()).toHaveLength(events.length);
    });

    it('serves everything after', async () => {
      await using relay = await start({ demandsAuth: true });
      await using client = await connectRaw(relay.url);

      client.send('AUTH', authEvent(relay.url, await challengeOf(client)));
      await client.frame(([verb, , accepted]) => verb === 'OK' && accepted === true);

      expect((await client.ask({}, PATIENT)).events).toEqual(newestFirst.slice(0, 500));
    });

    it.each([
      ['to another challenge', (url: string) => authEvent(url, 'made up')],
      ['for another relay', (_url: string, challenge: string) => authEvent('ws://relay.example', challenge)],
    ])('refuses an answer %s', async (_what, answerTo) => {
      await using relay = await start({ demandsAuth: true });
      await using client = await connectRaw(relay.url);

      client.send('AUTH', answerTo(relay.url, await challengeOf(client)));
      const [, , accepted] = await client.frame(([verb]) => verb === 'OK');

      expect(accepted).toBe(false);
      expect((await client.ask({}, PATIENT)).end).toBe('CLOSED');
    });
  });
});
