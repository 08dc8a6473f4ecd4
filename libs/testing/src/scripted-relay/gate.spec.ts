import type { NostrEvent } from '@bigbrotr/models';
import { describe, expect, it } from '@jest/globals';

import { breakSignature, createEventFactory } from '../event-factory.js';
import { connectRaw, type RawClient } from './raw-client.js';
import { startScriptedRelay } from './scripted-relay.js';

const factory = createEventFactory({ seed: 13 });
const events = factory.many(20);

function authEvent(challenge: unknown, url: string): NostrEvent {
  return factory.event({
    kind: 22_242,
    created_at: Math.floor(Date.now() / 1_000),
    tags: [
      ['relay', url],
      ['challenge', String(challenge)],
    ],
    content: '',
  });
}

async function challengeOf(client: RawClient): Promise<unknown> {
  return (await client.frame(([verb]) => verb === 'AUTH'))[1];
}

async function authenticate(client: RawClient, event: NostrEvent): Promise<unknown> {
  client.send('AUTH', event);
  return (await client.frame(([verb, id]) => verb === 'OK' && id === event.id))[2];
}

describe('gate of a scripted relay', () => {
  it('asks for AUTH first and serves whoever answers the challenge', async () => {
    await using relay = await startScriptedRelay({ events, temper: { auth: 'first' } });
    await using client = await connectRaw(relay.url);

    const challenge = await challengeOf(client);
    const before = await client.ask({});
    const accepted = await authenticate(client, authEvent(challenge, relay.url));
    const after = await client.ask({});

    expect(before.last).toEqual(['CLOSED', 's1', expect.stringMatching(/^auth-required: /)]);
    expect(accepted).toBe(true);
    expect(after.events).toHaveLength(20);
  });

  it.each([
    ['another challenge', (_: unknown, url: string) => authEvent('x', url)],
    ['another relay', (challenge: unknown) => authEvent(challenge, 'ws://elsewhere.example')],
    [
      'another kind',
      (challenge: unknown, url: string) => factory.event({ ...authEvent(challenge, url), kind: 1, author: 0 }),
    ],
    [
      'an old date',
      (challenge: unknown, url: string) => factory.event({ ...authEvent(challenge, url), created_at: 1, author: 0 }),
    ],
  ])('refuses an AUTH for %s', async (_, make) => {
    await using relay = await startScriptedRelay({ events, temper: { auth: 'first' } });
    await using client = await connectRaw(relay.url);

    const accepted = await authenticate(client, make(await challengeOf(client), relay.url));

    expect(accepted).toBe(false);
    expect((await client.ask({})).end).toBe('CLOSED');
  });

  it('refuses an AUTH with a bad signature', async () => {
    await using relay = await startScriptedRelay({ events, temper: { auth: 'first' } });
    await using client = await connectRaw(relay.url);

    client.send('AUTH', breakSignature(authEvent(await challengeOf(client), relay.url)));
    await client.frame(([verb]) => verb === 'NOTICE');

    expect((await client.ask({})).end).toBe('CLOSED');
  });

  it('asks for AUTH late, in the middle of a connection', async () => {
    await using relay = await startScriptedRelay({ events, temper: { auth: 'late', authAfter: 2 } });
    await using client = await connectRaw(relay.url);

    const ends = [(await client.ask({})).end, (await client.ask({})).end];
    const framesBefore = client.frames.map(([verb]) => verb);
    const third = await client.ask({});
    await authenticate(client, authEvent(await challengeOf(client), relay.url));

    expect(ends).toEqual(['EOSE', 'EOSE']);
    expect(framesBefore).not.toContain('AUTH');
    expect(third.last).toEqual(['CLOSED', 's3', expect.stringContaining('auth-required')]);
    expect((await client.ask({})).end).toBe('EOSE');
  });

  it('keeps silent until AUTH', async () => {
    await using relay = await startScriptedRelay({ events, temper: { auth: 'silent' } });
    await using client = await connectRaw(relay.url);

    const before = await client.ask({}, { quietMs: 100 });
    await authenticate(client, authEvent(await challengeOf(client), relay.url));

    expect(before.end).toBe('nothing');
    expect((await client.ask({})).end).toBe('EOSE');
  });

  it('never accepts anybody', async () => {
    await using relay = await startScriptedRelay({ events, temper: { auth: 'never' } });
    await using client = await connectRaw(relay.url);

    const accepted = await authenticate(client, authEvent(await challengeOf(client), relay.url));

    expect(accepted).toBe(false);
    expect(client.frames.at(-1)?.[3]).toMatch(/^restricted: /);
    expect((await client.ask({})).end).toBe('CLOSED');
  });

  it.each([
    ['closed', 'CLOSED'],
    ['notice', 'NOTICE'],
  ] as const)('limits the rate by %s and recovers', async (by, end) => {
    await using relay = await startScriptedRelay({ events, temper: { rateLimit: { by, every: 3, recoverMs: 150 } } });
    await using client = await connectRaw(relay.url);

    const answers = [];
    for (let request = 0; request < 5; request += 1) answers.push(await client.ask({ limit: 1 }));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const recovered = await client.ask({ limit: 1 });

    expect(answers.map((answer) => answer.end)).toEqual(['EOSE', 'EOSE', 'EOSE', end, end]);
    expect(answers[3]?.last?.at(-1)).toContain('rate-limited');
    expect(recovered.end).toBe('EOSE');
  });

  it('refuses too many subscriptions at once', async () => {
    await using relay = await startScriptedRelay({ events, temper: { maxSubscriptions: 2 } });
    await using client = await connectRaw(relay.url);

    const ends = [(await client.ask({})).end, (await client.ask({})).end, (await client.ask({})).end];
    client.send('CLOSE', 's1');

    expect(ends).toEqual(['EOSE', 'EOSE', 'CLOSED']);
    expect((await client.ask({})).end).toBe('EOSE');
  });
});
