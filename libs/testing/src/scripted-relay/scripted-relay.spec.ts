import type { IncomingMessage } from 'node:http';

import { describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';

import { breakId, breakSignature, createEventFactory } from '../event-factory.js';
import { until } from '../until.js';
import { connectRaw } from './raw-client.js';
import { startScriptedRelay, type ScriptedRelay } from './scripted-relay.js';
import type { Temper } from './temper.js';

const factory = createEventFactory({ seed: 14 });
const events = factory.many(20, (index) => ({ created_at: 1_000 + index }));

function nip11(relay: ScriptedRelay, accept = 'application/nostr+json'): Promise<Response> {
  return fetch(relay.url.replace('ws:', 'http:'), { headers: { accept } });
}

describe('scripted relay', () => {
  it('logs what clients send', async () => {
    await using relay = await startScriptedRelay({ events });
    await using first = await connectRaw(relay.url);
    await using second = await connectRaw(relay.url);

    await first.ask([{ kinds: [1] }, { kinds: [2] }], { id: 'x' });
    second.send('CLOSE', 'y');
    await until(() => relay.requests.length === 2);

    expect(relay.requests).toEqual([
      {
        verb: 'REQ',
        subscription: 'x',
        filters: [{ kinds: [1] }, { kinds: [2] }],
        message: ['REQ', 'x', { kinds: [1] }, { kinds: [2] }],
        connection: 1,
        at: expect.any(Number),
      },
      { verb: 'CLOSE', subscription: 'y', filters: [], message: ['CLOSE', 'y'], connection: 2, at: expect.any(Number) },
    ]);
    relay.clearRequests();
    expect(relay.requests).toEqual([]);
  });

  it('counts connections and bytes', async () => {
    await using relay = await startScriptedRelay({ events });
    const first = await connectRaw(relay.url);
    const second = await connectRaw(relay.url);
    await first.ask({ limit: 1 });
    await first[Symbol.asyncDispose]();
    await second[Symbol.asyncDispose]();
    await until(() => relay.openSockets === 0);
    await using third = await connectRaw(relay.url);
    await third.ask({ limit: 1 }, { id: 's1' });

    expect(relay).toMatchObject({ openSockets: 1, maxOpenSockets: 2, connections: 3 });
    expect(relay.bytesReceived).toBe(2 * '["REQ","s1",{"limit":1}]'.length);
    expect(relay.bytesSent).toBe(2 * (JSON.stringify(['EVENT', 's1', events[19]]).length + '["EOSE","s1"]'.length));
  });

  it('stores added events once and sends them to the subscriptions that they match', async () => {
    await using relay = await startScriptedRelay({ events });
    await using client = await connectRaw(relay.url);
    await client.ask({ kinds: [7] });
    const [wanted, other] = [factory.event({ kind: 7 }), factory.event({ kind: 8 })];

    relay.addEvents([other, wanted, wanted]);
    relay.addEvents([wanted]);
    const answer = await client.ask({ kinds: [7, 8] });

    expect(client.frames.filter(([verb, id]) => verb === 'EVENT' && id === 's1')).toEqual([['EVENT', 's1', wanted]]);
    expect(answer.events).toHaveLength(2);
    expect(relay.truth()).toHaveLength(22);
  });

  it('sends no new event into a page that has not ended', async () => {
    await using relay = await startScriptedRelay({ events, temper: { cutPageAfter: 1 } });
    await using client = await connectRaw(relay.url);

    await client.ask({}, { quietMs: 100 });
    relay.addEvents([factory.event()]);
    await client.ask({ ids: [events[0]!.id] });

    expect(client.frames.filter(([verb, id]) => verb === 'EVENT' && id === 's1')).toHaveLength(1);
  });

  it('changes its temper under open connections', async () => {
    await using relay = await startScriptedRelay({ events, temper: { cap: 5 } });
    await using client = await connectRaw(relay.url);

    const before = await client.ask({});
    relay.setTemper({});
    const after = await client.ask({});

    expect([before.events.length, after.events.length]).toEqual([5, 20]);
  });

  it('drops connections without a close frame and goes on', async () => {
    await using relay = await startScriptedRelay({ events });
    await using client = await connectRaw(relay.url);

    relay.dropConnections();

    expect(await client.closed).toBe(1006);
    await using again = await connectRaw(relay.url);
    expect((await again.ask({})).events).toHaveLength(20);
  });

  it('opens the port that it is told, and frees it', async () => {
    const first = await startScriptedRelay();
    await first.close();

    await using second = await startScriptedRelay({ port: first.port });

    expect(second.url).toBe(first.url);
  });

  it('takes valid events and refuses others', async () => {
    await using relay = await startScriptedRelay();
    await using client = await connectRaw(relay.url);
    const [good, badSignature, badId] = [events[0]!, breakSignature(events[1]!), breakId(events[2]!)];
    const changed = { ...events[3]!, content: 'not what was signed' };

    for (const event of [good, badSignature, badId, changed]) client.send('EVENT', event);
    await client.frame(([verb, id]) => verb === 'OK' && id === changed.id);

    expect(client.frames.map(([, id, accepted]) => [id, accepted])).toEqual([
      [good.id, true],
      [badSignature.id, false],
      [badId.id, false],
      [changed.id, false],
    ]);
    expect(relay.truth()).toEqual([good]);
  });

  it('refuses to take events, or says nothing about them', async () => {
    await using relay = await startScriptedRelay({ temper: { publishing: 'blocked' } });
    await using client = await connectRaw(relay.url);

    client.send('EVENT', events[0]);
    const ok = await client.frame(([verb]) => verb === 'OK');
    relay.setTemper({ publishing: 'silent' });
    client.send('EVENT', events[1]);
    await client.ask({});

    expect(ok).toEqual(['OK', events[0]!.id, false, expect.stringMatching(/^blocked: /)]);
    expect(client.frames.filter(([verb]) => verb === 'OK')).toHaveLength(1);
    expect(relay.truth()).toEqual([]);
  });

  describe('COUNT', () => {
    it.each([
      [true, ['COUNT', 'c', { count: 11 }]],
      ['approximate', ['COUNT', 'c', { count: 10, approximate: true }]],
      [false, ['NOTICE', expect.stringContaining('COUNT')]],
    ] as const)('%s', async (count, expected) => {
      await using relay = await startScriptedRelay({ events, temper: { count, cap: 3 } });
      await using client = await connectRaw(relay.url);

      client.send('COUNT', 'c', { until: 1_009 }, { since: 1_019 });

      expect(await client.frame(() => true)).toEqual(expected);
    });

    it('silent', async () => {
      await using relay = await startScriptedRelay({ events, temper: { count: 'silent' } });
      await using client = await connectRaw(relay.url);

      client.send('COUNT', 'c', {});
      await client.ask({ limit: 0 });

      expect(client.frames.map(([verb]) => verb)).toEqual(['EOSE']);
    });
  });

  describe('negentropy', () => {
    /** Shows what it was given: the number of items and the messages. */
    const responder = (items: readonly { readonly created_at: number }[]): { reply(message: string): string } => ({
      reply: (message) => `${items.length}/${items[0]?.created_at ?? 0}/${message}`,
    });

    async function open(temper: Temper): Promise<unknown[]> {
      await using relay = await startScriptedRelay({ events, temper, negentropy: responder });
      await using client = await connectRaw(relay.url);
      client.send('NEG-OPEN', 'n', { since: 1_005 }, '61');
      client.send('NEG-MSG', 'n', '6102');
      client.send('NEG-CLOSE', 'n');
      client.send('NEG-MSG', 'n', '6103');
      await client.ask({ limit: 0 });
      return client.frames.filter(([verb]) => verb !== 'EOSE');
    }

    const unknown = ['NEG-ERR', 'n', 'closed: unknown subscription handle'];

    it.each([
      ['full', { negentropy: 'full' }, [['NEG-MSG', 'n', '15/1019/61'], ['NEG-MSG', 'n', '15/1019/6102'], unknown]],
      [
        'truncated',
        { negentropy: 'truncated', negentropyCap: 4 },
        [['NEG-MSG', 'n', '4/1019/61'], ['NEG-MSG', 'n', '4/1019/6102'], unknown],
      ],
      [
        'full with a cap',
        { negentropy: 'full', negentropyCap: 4 },
        [['NEG-ERR', 'n', 'blocked: too many query results', 4], unknown, unknown],
      ],
      ['blocked', { negentropy: 'blocked' }, [['NEG-ERR', 'n', 'blocked: not for you'], unknown, unknown]],
      ['silent', { negentropy: 'silent' }, []],
    ] as const)('%s', async (_, temper, expected) => {
      expect(await open(temper)).toEqual(expected);
    });

    it('refused unless told otherwise', async () => {
      expect((await open({}))[0]).toEqual(['NOTICE', expect.stringContaining('negentropy disabled')]);
    });

    it('garbage', async () => {
      const frames = (await open({ negentropy: 'garbage' })) as [string, string, string][];

      expect(frames.map(([verb]) => verb)).toEqual(['NEG-MSG', 'NEG-MSG', 'NEG-MSG']);
      for (const [, , payload] of frames) expect(payload).toMatch(/^[0-9a-f]{80}$/);
    });

    it('needs a responder for its part, and says so when closed', async () => {
      const relay = await startScriptedRelay({ events, temper: { negentropy: 'full' } });
      await using client = await connectRaw(relay.url);

      client.send('NEG-OPEN', 'n', {}, '61');
      await client.ask({ limit: 0 });

      await expect(relay.close()).rejects.toThrow('the scripted relay broke');
    });
  });

  describe('NIP-11', () => {
    it('answers with a document of its own or a given one', async () => {
      await using relay = await startScriptedRelay();

      const own = (await (await nip11(relay)).json()) as object;
      relay.setTemper({ nip11: { name: 'given' } });
      const given = await nip11(relay);

      expect(own).toMatchObject({ supported_nips: [1, 11] });
      expect(given.headers.get('content-type')).toBe('application/nostr+json');
      expect(given.headers.get('access-control-allow-origin')).toBe('*');
      expect(await given.json()).toEqual({ name: 'given' });
    });

    it('answers browsers with text', async () => {
      await using relay = await startScriptedRelay();

      expect((await nip11(relay, 'text/html')).headers.get('content-type')).toBe('text/plain');
    });

    it.each([
      ['html', 200, 'text/html', /^<!doctype html>/],
      ['broken', 200, 'application/nostr+json', /^{"name":"cut o$/],
      ['missing', 404, null, /^$/],
      ['huge', 200, 'application/nostr+json', /^{"name":"x{1000000}/],
    ] as const)('%s', async (answer, status, type, body) => {
      await using relay = await startScriptedRelay({ temper: { nip11: answer } });

      const response = await nip11(relay);

      expect([response.status, response.headers.get('content-type')]).toEqual([status, type]);
      expect(await response.text()).toMatch(body);
    });

    it('silent', async () => {
      await using relay = await startScriptedRelay({ temper: { nip11: 'silent' } });

      const answer = fetch(relay.url.replace('ws:', 'http:'), {
        headers: { accept: 'application/nostr+json' },
        signal: AbortSignal.timeout(150),
      });

      await expect(answer).rejects.toThrow(/timeout/);
    });
  });

  describe('hardly a relay', () => {
    it('answers the upgrade with a status', async () => {
      await using relay = await startScriptedRelay({
        temper: { upgradeStatus: 302, upgradeHeaders: { location: 'wss://other.example' } },
      });
      const socket = new WebSocket(relay.url);
      socket.on('error', () => undefined);

      const response = await new Promise<IncomingMessage>((resolve) =>
        socket.on('unexpected-response', (_, answer) => {
          resolve(answer);
          socket.terminate();
        }),
      );

      expect(response.statusCode).toBe(302);
      expect(response.headers).toMatchObject({ location: 'wss://other.example' });
      expect(relay.connections).toBe(0);
    });

    it('echoes', async () => {
      await using relay = await startScriptedRelay({ events, temper: { notNostr: true } });
      await using client = await connectRaw(relay.url);

      client.send('REQ', 'x', { limit: 1 });

      expect(await client.frame(() => true)).toEqual(['REQ', 'x', { limit: 1 }]);
    });

    it('keeps silent', async () => {
      await using relay = await startScriptedRelay({ events, temper: { silent: true } });
      await using client = await connectRaw(relay.url);

      expect((await client.ask({}, { quietMs: 150 })).end).toBe('nothing');
      expect(client.frames).toEqual([]);
    });
  });

  it.each([
    ['not JSON', 'x', 'not a JSON array'],
    ['not an array', '{}', 'not a JSON array'],
    ['without a subscription', '["REQ"]', 'no subscription id'],
    ['unknown', '["HELLO","x"]', 'unknown cmd HELLO'],
  ])('complains about a message that is %s', async (_, text, complaint) => {
    await using relay = await startScriptedRelay();
    const socket = new WebSocket(relay.url);
    await new Promise((resolve) => socket.once('open', resolve));

    socket.send(text);
    const answer = await new Promise<string>((resolve) =>
      socket.once('message', (data: Buffer) => resolve(data.toString())),
    );
    socket.terminate();

    expect(answer).toContain(complaint);
  });
});
