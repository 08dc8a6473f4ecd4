import { describe, expect, it } from '@jest/globals';

import { createEventFactory } from '../event-factory.js';
import { until } from '../until.js';
import { connectRaw } from './raw-client.js';
import { startScriptedRelay } from './scripted-relay.js';

const factory = createEventFactory({ seed: 12 });
const events = factory.many(600, (index) => ({ created_at: 1_000 + index }));

describe('delivery of a scripted relay', () => {
  it('leaves every n-th REQ of its life without an answer', async () => {
    await using relay = await startScriptedRelay({ events, temper: { everyNthReqSilent: 3 } });
    await using first = await connectRaw(relay.url);
    await using second = await connectRaw(relay.url);

    const ends = [];
    for (const client of [first, second, first, second, first, second]) {
      ends.push((await client.ask({ limit: 1 }, { quietMs: 100 })).end);
    }

    expect(ends).toEqual(['EOSE', 'EOSE', 'nothing', 'EOSE', 'EOSE', 'nothing']);
    expect(relay.openRequests).toBe(2);
  });

  it('cuts long pages short in silence and serves short ones whole', async () => {
    await using relay = await startScriptedRelay({ events, temper: { cutPageAfter: 120 } });
    await using client = await connectRaw(relay.url);

    const [long, short] = [await client.ask({}, { quietMs: 100 }), await client.ask({ limit: 120 })];

    expect([long.events.length, long.end]).toEqual([120, 'nothing']);
    expect([short.events.length, short.end]).toEqual([120, 'EOSE']);
  });

  it('cuts the connection after so many events, over all of its pages', async () => {
    await using relay = await startScriptedRelay({ events, temper: { resetEvery: 50 } });
    await using client = await connectRaw(relay.url);

    const [first, second] = [await client.ask({ limit: 30 }), await client.ask({ limit: 30 })];

    expect([first.events.length, first.end]).toEqual([30, 'EOSE']);
    expect([second.events.length, second.end]).toEqual([20, 'disconnect']);
    expect(await client.closed).toBe(1006);
    await using again = await connectRaw(relay.url);
    expect((await again.ask({})).events).toHaveLength(50);
  });

  it('cuts every n-th page in its middle, with the connection', async () => {
    await using relay = await startScriptedRelay({ events, temper: { disconnectMidPage: 2 } });
    await using client = await connectRaw(relay.url);

    const [first, second] = [await client.ask({ limit: 40 }), await client.ask({ limit: 40 })];

    expect(first.end).toBe('EOSE');
    expect([second.events.length, second.end]).toEqual([20, 'disconnect']);
  });

  it('floods with events of subscriptions that nobody opened', async () => {
    await using relay = await startScriptedRelay({ events, temper: { floodOtherSubscriptions: 25 } });
    await using client = await connectRaw(relay.url);

    const answer = await client.ask({ limit: 3 });

    expect(answer.events).toHaveLength(3);
    expect(client.frames.filter(([verb, id]) => verb === 'EVENT' && id !== 's1')).toHaveLength(25);
  });

  it('says EOSE twice', async () => {
    await using relay = await startScriptedRelay({ events, temper: { eoseTwice: true } });
    await using client = await connectRaw(relay.url);

    await client.ask({ limit: 1 });
    await client.frame(([verb]) => verb === 'EOSE', 2);

    expect(client.frames.map(([verb]) => verb)).toEqual(['EVENT', 'EOSE', 'EOSE']);
  });

  it('goes on with live events after EOSE until the subscription is closed', async () => {
    const coming = factory.many(30);
    await using relay = await startScriptedRelay({ events, temper: { liveAfterEose: { events: coming, everyMs: 5 } } });
    await using client = await connectRaw(relay.url);

    const stored = await client.ask({ limit: 10 });
    await client.frame(([, , event]) => (event as { id?: string } | undefined)?.id === coming[2]?.id);
    client.send('CLOSE', 's1');
    await until(() => relay.truth().length === 630);
    const live = client.frames.slice(11).map(([, , event]) => event);

    expect(stored.events).toHaveLength(10);
    expect(live).toEqual(coming.slice(0, live.length));
    expect(live.length).toBeLessThan(30);
  });

  it('answers late, and in order', async () => {
    await using relay = await startScriptedRelay({ events, temper: { latencyMs: 60 } });
    await using client = await connectRaw(relay.url);
    const start = performance.now();

    client.send('REQ', 'a', { limit: 1 });
    client.send('REQ', 'b', { limit: 1 });
    await client.frame(([verb, id]) => verb === 'EOSE' && id === 'b');

    expect(performance.now() - start).toBeGreaterThanOrEqual(55);
    expect(performance.now() - start).toBeLessThan(400);
    expect(client.frames.map(([verb, id]) => `${verb} ${String(id)}`)).toEqual([
      'EVENT a',
      'EOSE a',
      'EVENT b',
      'EOSE b',
    ]);
  });

  it('stops a page whose subscription is closed or replaced', async () => {
    await using relay = await startScriptedRelay({ events: factory.many(20_000) });
    await using client = await connectRaw(relay.url);

    client.send('REQ', 'a', {});
    client.send('CLOSE', 'a');
    client.send('REQ', 'b', { limit: 1 });
    client.send('REQ', 'c', {});
    client.send('REQ', 'c', { limit: 2 });
    await client.frame(([verb, id]) => verb === 'EOSE' && id === 'c');

    expect(client.frames.filter(([, id]) => id === 'a').length).toBeLessThan(20_000);
    expect(client.frames.some(([verb, id]) => verb === 'EOSE' && id === 'a')).toBe(false);
    expect(client.frames.filter(([verb, id]) => verb === 'EVENT' && id === 'c').length).toBeLessThan(20_000);
    expect(relay.openRequests).toBe(0);
  });

  it('answers from 50,000 events quickly', async () => {
    const many = factory.many(50_000, (index) => ({ created_at: index }));
    await using relay = await startScriptedRelay({ events: many });
    await using client = await connectRaw(relay.url);
    const start = performance.now();

    for (let until = 50_000; until > 0; until -= 500) await client.ask({ until, limit: 10 });

    expect(performance.now() - start).toBeLessThan(10_000);
    expect(relay.requests).toHaveLength(100);
  }, 60_000);
});
