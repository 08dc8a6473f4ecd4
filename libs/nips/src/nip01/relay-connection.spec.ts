import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, it, expect } from '@jest/globals';
import type { Filter, FrameSocket, NostrEvent } from '@bigbrotr/models';
import { createScriptedSocket, type ScriptedPeer, type ScriptedSocketOptions } from '@bigbrotr/testing';
import type { EventTemplate } from '../nip42/auth.js';
import { RelayConnection } from './relay-connection.js';
import type { RequestOptions, Subscription } from './subscription.js';

type Answer = (message: readonly unknown[], peer: ScriptedPeer) => void;

const never = new AbortController().signal;
const NOW = 1_700_000_000_500;
const opened: FrameSocket[] = [];

afterEach(() => Promise.all(opened.splice(0).map((socket) => socket.close())));

function connect(answer?: Answer, options?: ScriptedSocketOptions) {
  const { socket, relay } = createScriptedSocket(answer, options);
  opened.push(socket);
  return { connection: new RelayConnection({ now: () => NOW }, socket), relay, socket };
}

function request(
  connection: RelayConnection,
  options: Partial<RequestOptions> = {},
  filter: Filter = {},
): Subscription {
  return connection.request([filter], { signal: never, idleMs: 200, hardMs: 2_000, ...options });
}

async function drain(subscription: Subscription) {
  const events: unknown[] = [];
  for await (const batch of subscription) events.push(...batch);
  return { events, outcome: await subscription.outcome };
}

/** Verb and subscription of what the client sent. */
const verbs = (peer: ScriptedPeer) => peer.received.map((text) => (JSON.parse(text) as [string])[0]);

/** Answers a REQ with `frames`, in which `$` stands for its subscription. */
const onReq =
  (...frames: (readonly unknown[])[]): Answer =>
  ([verb, sub], peer) => {
    if (verb === 'REQ') peer.send(...frames.map((frame) => frame.map((item) => (item === '$' ? sub : item))));
  };

const event = (id: string) => ({ id, pubkey: '', created_at: 0, kind: 1, tags: [], content: '', sig: '' });

describe('RelayConnection', () => {
  describe('request', () => {
    it('gives the events of a page and what EOSE said', async () => {
      const { connection, relay } = connect(
        onReq(['EVENT', '$', 1], ['EVENT', '$', { any: 'thing' }], ['EOSE', '$', ['finish']]),
      );

      const subscription = request(connection, {}, { kinds: [1], limit: 2 });

      expect(await drain(subscription)).toEqual({
        events: [1, { any: 'thing' }],
        outcome: { end: 'eose', hints: { finish: true, more: false, auth: false } },
      });
      expect(relay.received).toEqual([
        JSON.stringify(['REQ', subscription.id, { kinds: [1], limit: 2 }]),
        JSON.stringify(['CLOSE', subscription.id]),
      ]);
      expect(subscription).toMatchObject({ events: 2, firstAnswerMs: expect.any(Number) });
      expect(subscription.bytes).toBe(connection.counters.bytes);
    });

    it.each<[string, Answer, object, string[]]>([
      [
        'CLOSED',
        onReq(['CLOSED', '$', 'ERROR: auth-required: who are you']),
        { end: 'closed', class: 'auth-required', text: 'ERROR: auth-required: who are you' },
        ['REQ'],
      ],
      [
        'a NOTICE that slows us down',
        onReq(['NOTICE', 'burst exhausted']),
        { end: 'notice', class: 'rate-limited', text: 'burst exhausted' },
        ['REQ', 'CLOSE'],
      ],
      [
        'a NOTICE that does not know REQ',
        onReq(['NOTICE', 'unknown command']),
        { end: 'notice', class: 'unsupported', text: 'unknown command' },
        ['REQ'],
      ],
      ['silence', () => undefined, { end: 'idle' }, ['REQ', 'CLOSE']],
      ['small talk and silence', onReq(['NOTICE', 'welcome']), { end: 'idle' }, ['REQ', 'CLOSE']],
      [
        'a NOTICE about another verb and silence',
        onReq(['NOTICE', 'ERROR: bad msg: negentropy disabled']),
        { end: 'idle' },
        ['REQ', 'CLOSE'],
      ],
      ['EOSE of another subscription', onReq(['EOSE', 'other']), { end: 'idle' }, ['REQ', 'CLOSE']],
      [
        'the end of the connection',
        (_, peer) => peer.cut({ code: 1011, reason: 'bye' }),
        { end: 'disconnect', close: { code: 1011, reason: 'bye' } },
        ['REQ'],
      ],
    ])('ends by %s', async (_, answer, outcome, sent) => {
      const { connection, relay } = connect(answer);

      expect(await drain(request(connection, { idleMs: 40 }))).toEqual({ events: [], outcome });
      expect(verbs(relay)).toEqual(sent);
    });

    it('does not take a greeting for a refusal when an answer follows', async () => {
      const { connection } = connect(([verb, sub], peer) => {
        if (verb !== 'REQ') return;
        peer.send(['NOTICE', 'paid relay, members only']);
        setTimeout(() => peer.send(['EVENT', sub, 1]), 20);
        setTimeout(() => peer.send(['EOSE', sub]), 120);
      });

      expect(await drain(request(connection, { noticeGraceMs: 60 }))).toMatchObject({ outcome: { end: 'eose' } });
    });

    it('waits no longer than its grace after a NOTICE', async () => {
      const { connection } = connect(onReq(['NOTICE', 'rate-limited: later']));
      const startedAt = performance.now();

      const { outcome } = await drain(request(connection, { idleMs: 5_000, hardMs: 9_000, noticeGraceMs: 30 }));

      expect(outcome).toMatchObject({ end: 'notice', class: 'rate-limited' });
      expect(performance.now() - startedAt).toBeLessThan(2_000);
    });

    it('keeps what came before the end', async () => {
      const { connection } = connect((message, peer) => {
        onReq(['EVENT', '$', 1], ['EVENT', '$', 2])(message, peer);
        if (message[0] === 'REQ') peer.cut();
      });

      expect(await drain(request(connection))).toMatchObject({ events: [1, 2], outcome: { end: 'disconnect' } });
    });

    it('waits for silence on this subscription, whatever else is said', async () => {
      const { connection, relay } = connect();
      const drip = setInterval(() => relay.send(['EVENT', 'other', 1], ['NOTICE', 'still here']), 10);

      const { outcome } = await drain(request(connection, { idleMs: 60 }));

      clearInterval(drip);
      expect(outcome).toEqual({ end: 'idle' });
    });

    it('ends a drip that never falls silent at the hard deadline', async () => {
      const { connection, relay } = connect();
      const subscription = request(connection, { idleMs: 100, hardMs: 150 });
      const drip = setInterval(() => relay.send(['EVENT', subscription.id, 1]), 20);

      const { events, outcome } = await drain(subscription);

      clearInterval(drip);
      expect(outcome).toEqual({ end: 'hard' });
      expect(events.length).toBeGreaterThan(3);
    });

    it.each([
      ['events', { maxEvents: 3 }, 3],
      ['bytes', { maxBytes: 200 }, 5],
    ])('stops a relay that sends too many %s', async (_, limit, kept) => {
      const { connection, relay } = connect(([verb, sub], peer) => {
        if (verb === 'REQ') for (let n = 0; n < 10; n += 1) peer.send(['EVENT', sub, `event ${n}`]);
      });

      const { events, outcome } = await drain(request(connection, limit));

      expect(outcome).toEqual({ end: 'too-many' });
      expect(events).toHaveLength(kept);
      expect(verbs(relay)).toEqual(['REQ', 'CLOSE']);
    });

    it('ends at EOSE, and does not mind a second one', async () => {
      const { connection } = connect(
        onReq(['EVENT', '$', 1], ['EOSE', '$'], ['EOSE', '$'], ['EVENT', '$', 2], ['CLOSED', '$', '']),
      );

      const { events } = await drain(request(connection));
      await delay(10);

      expect(events).toEqual([1]);
      expect(connection.counters).toMatchObject({ late: 3, foreign: 0 });
    });

    it('goes on after EOSE when live, and silence is then no end', async () => {
      const leave = new AbortController();
      const { connection, relay } = connect(onReq(['EVENT', '$', 1], ['EOSE', '$', ['more']], ['EOSE', '$', []]));
      const subscription = request(connection, { live: true, idleMs: 30, hardMs: Infinity, signal: leave.signal });
      const seen: unknown[] = [];

      setTimeout(() => relay.send(['EVENT', subscription.id, 2]), 90);
      for await (const batch of subscription) {
        seen.push(...batch);
        if (seen.includes(2)) leave.abort();
      }

      expect(seen).toEqual([1, 2]);
      expect(subscription.eoseHints).toMatchObject({ more: true });
      expect(await subscription.outcome).toEqual({ end: 'aborted' });
    });

    it('sends CLOSE when the consumer leaves', async () => {
      const { connection, relay } = connect(onReq(['EVENT', '$', 1]));
      const subscription = request(connection);

      for await (const batch of subscription) if (batch.length > 0) break;

      expect(await subscription.outcome).toEqual({ end: 'aborted' });
      expect(verbs(relay)).toEqual(['REQ', 'CLOSE']);
    });

    it('drops what is buffered when aborted', async () => {
      const abort = new AbortController();
      const { connection } = connect(onReq(['EVENT', '$', 1]));
      const subscription = request(connection, { signal: abort.signal });
      await delay(10);

      abort.abort();

      expect(await drain(subscription)).toEqual({ events: [], outcome: { end: 'aborted' } });
    });

    it('sends nothing under a signal that is aborted already', async () => {
      const { connection, relay } = connect();

      const { outcome } = await drain(request(connection, { signal: AbortSignal.abort() }));

      expect(outcome).toEqual({ end: 'aborted' });
      expect(relay.received).toEqual([]);
    });

    it('is told at once when the connection has ended', async () => {
      const { connection, socket } = connect();
      await socket.close();

      expect(await drain(request(connection))).toMatchObject({ outcome: { end: 'disconnect', close: { code: 1000 } } });
    });

    it('leaves no listener on the signal', async () => {
      const counted = countListeners(new AbortController().signal);
      const { connection } = connect(onReq(['EOSE', '$']));

      for (let n = 0; n < 20; n += 1) await drain(request(connection, { signal: counted.signal }));

      expect(counted.listeners()).toBe(0);
    });
  });

  describe('several at a time', () => {
    it('keeps subscriptions apart', async () => {
      const { connection } = connect(([verb, sub, filter], peer) => {
        if (verb !== 'REQ') return;
        const { kinds } = filter as { kinds: [number] };
        setTimeout(() => peer.send(['EVENT', sub, kinds[0]], ['EOSE', sub]), 30 - kinds[0] * 10);
      });

      const answers = await Promise.all([1, 2, 3].map((kind) => drain(request(connection, {}, { kinds: [kind] }))));

      expect(answers.map(({ events }) => events)).toEqual([[1], [2], [3]]);
    });

    it('holds no NOTICE against one of two', async () => {
      const { connection } = connect(([verb], peer) => {
        if (verb === 'REQ') peer.send(['NOTICE', 'too many concurrent REQs']);
      });

      const answers = await Promise.all(
        [request(connection, { idleMs: 40 }), request(connection, { idleMs: 40 })].map(drain),
      );

      expect(answers.map(({ outcome }) => outcome.end)).toEqual(['idle', 'idle']);
      expect(connection.lastNotice).toEqual({ class: 'too-many-subscriptions', text: 'too many concurrent REQs' });
      expect(connection.counters.notices).toBe(2);
    });

    it('holds a NOTICE against a request beside a live subscription that has its events', async () => {
      const { connection } = connect(([verb, sub, filter], peer) => {
        if (verb !== 'REQ') return;
        if ((filter as Filter).limit === 1) peer.send(['EOSE', sub]);
        else peer.send(['NOTICE', 'rate-limited: later']);
      });
      const leave = new AbortController();
      const live = request(connection, { live: true, signal: leave.signal }, { limit: 1 });
      await delay(10);

      const { outcome } = await drain(request(connection));
      leave.abort();

      expect(outcome).toMatchObject({ end: 'notice', class: 'rate-limited' });
      expect(await live.outcome).toEqual({ end: 'aborted' });
    });
  });

  describe('accounting', () => {
    it('counts what is not for us', async () => {
      const { connection, relay } = connect();
      relay.send(
        ['EVENT', 'foreign', {}],
        ' ["EVENT","foreign",{}]',
        ['EOSE', 'foreign'],
        ['OK', 'nobody asked', true, ''],
        'garbage',
        ['PONG'],
        ['REQ', 'x', {}],
        ['NOTICE', 'hi'],
      );
      await delay(10);

      expect(connection.counters).toEqual({
        frames: 8,
        bytes: expect.any(Number),
        foreign: 4,
        late: 0,
        malformed: 1,
        unknown: 2,
        echoed: 1,
        notices: 1,
      });
    });

    it('counts a frame beyond the limit as malformed', async () => {
      const { socket, relay } = createScriptedSocket();
      const connection = new RelayConnection({ now: () => NOW, maxFrameBytes: 100 }, socket);

      relay.send(['NOTICE', 'x'.repeat(100)]);
      await delay(10);

      expect(connection.counters.malformed).toBe(1);
    });
  });

  describe('back-pressure', () => {
    it('stops reading when nobody pulls, blames no silence on the relay, and loses nothing', async () => {
      const { connection, relay } = connect(([verb, sub], peer) => {
        if (verb !== 'REQ') return;
        for (let n = 0; n < 100; n += 1) peer.send(['EVENT', sub, n]);
        peer.send(['EOSE', sub]);
      });
      const buffer = { events: 10, bytes: 1_000_000 };
      const subscription = request(connection, { idleMs: 40, buffer });

      await delay(150);
      expect(relay.held).toBe(true);
      expect(subscription.events).toBe(11);

      const { events, outcome } = await drain(subscription);
      expect(events).toEqual(Array.from({ length: 100 }, (_, n) => n));
      expect(outcome.end).toBe('eose');
      expect(relay.held).toBe(false);
    });

    it('stops reading at the bytes too', async () => {
      const { connection, relay } = connect(([verb, sub], peer) => {
        if (verb === 'REQ') for (let n = 0; n < 10; n += 1) peer.send(['EVENT', sub, 'x'.repeat(1_000)]);
      });
      const subscription = request(connection, { buffer: { events: 1_000, bytes: 3_500 } });

      await delay(20);

      expect(relay.held).toBe(true);
      expect(subscription.events).toBe(4);
    });

    it('does not let the silence of others run out meanwhile', async () => {
      const { connection } = connect(([verb, sub, filter], peer) => {
        if (verb !== 'REQ') return;
        if ((filter as Filter).limit === 1) setTimeout(() => peer.send(['EOSE', sub]), 60);
        else peer.send(...[1, 2, 3].map((n) => ['EVENT', sub, n]), ['EOSE', sub]);
      });
      const slow = request(connection, { buffer: { events: 1, bytes: 1_000 } });
      await delay(10);

      const other = drain(request(connection, { idleMs: 40 }, { limit: 1 }));
      await delay(120);
      await drain(slow);

      expect((await other).outcome.end).toBe('eose');
    });

    it('reads on when a full subscription is aborted', async () => {
      const abort = new AbortController();
      const { connection, relay } = connect(onReq(...[1, 2, 3].map((n) => ['EVENT', '$', n])));
      request(connection, { signal: abort.signal, buffer: { events: 1, bytes: 1_000 } });
      await delay(10);
      expect(relay.held).toBe(true);

      abort.abort();

      expect(relay.held).toBe(false);
    });
  });

  describe('count', () => {
    it.each<[string, Answer, object]>([
      [
        'an answer',
        ([, sub], peer) => peer.send(['COUNT', sub, { count: 7 }]),
        { ok: true, count: 7, approximate: false },
      ],
      [
        'an approximation',
        ([, sub], peer) => peer.send(['COUNT', sub, { count: 7, approximate: true }]),
        { ok: true, count: 7, approximate: true },
      ],
      [
        'CLOSED',
        ([, sub], peer) => peer.send(['CLOSED', sub, 'unsupported: no']),
        { ok: false, reason: 'refused', by: 'CLOSED', class: 'unsupported', text: 'unsupported: no' },
      ],
      [
        'a NOTICE',
        (_, peer) => peer.send(['NOTICE', 'unknown command']),
        { ok: false, reason: 'refused', by: 'NOTICE', class: 'unsupported', text: 'unknown command' },
      ],
      ['silence', () => undefined, { ok: false, reason: 'timeout' }],
      ['a cut', (_, peer) => peer.cut(), { ok: false, reason: 'disconnect', close: { code: 1006, reason: '' } }],
    ])('takes %s', async (_, answer, result) => {
      const { connection } = connect(answer);

      expect(await connection.count({ kinds: [1] }, { signal: never, timeoutMs: 40 })).toEqual(result);
    });
  });

  describe('publish', () => {
    const note = event('e'.repeat(64)) as NostrEvent;

    it.each<[string, Answer, object]>([
      ['OK', (_, peer) => peer.send(['OK', note.id, true, '']), { ok: true, duplicate: false, text: '' }],
      [
        'OK of a duplicate',
        (_, peer) => peer.send(['OK', note.id, true, 'duplicate: have it']),
        { ok: true, duplicate: true, text: 'duplicate: have it' },
      ],
      [
        'a refusal',
        (_, peer) => peer.send(['OK', note.id, false, 'pow: 20 bits']),
        { ok: false, reason: 'refused', by: 'OK', class: 'pow', text: 'pow: 20 bits' },
      ],
      [
        'OK for another event',
        (_, peer) => peer.send(['OK', 'f'.repeat(64), true, '']),
        { ok: false, reason: 'timeout' },
      ],
    ])('takes %s', async (_, answer, result) => {
      const { connection, relay } = connect(answer);

      expect(await connection.publish(note, { signal: never, timeoutMs: 40 })).toEqual(result);
      expect(relay.received).toEqual([JSON.stringify(['EVENT', note])]);
    });

    it('sends an event once for two callers', async () => {
      const { connection, relay } = connect((_, peer) => peer.send(['OK', note.id, true, '']));
      const options = { signal: never, timeoutMs: 100 };

      const answers = await Promise.all([connection.publish(note, options), connection.publish(note, options)]);

      expect(answers).toEqual([answers[0], answers[0]]);
      expect(relay.received).toHaveLength(1);
    });
  });

  describe('authenticate', () => {
    const sign = (template: EventTemplate): NostrEvent => ({ ...template, id: 'a'.repeat(64), pubkey: 'b', sig: 'c' });
    const onAuth =
      (...reply: unknown[]): Answer =>
      ([verb], peer) => {
        if (verb === 'AUTH') peer.send(reply);
      };

    it('answers the last challenge with the URL of the connection', async () => {
      const { connection, relay } = connect(onAuth('OK', 'a'.repeat(64), true, ''), {
        url: 'wss://x.example.com/inbox',
      });
      relay.send(['AUTH', 'first'], ['AUTH', 'last']);
      await delay(10);

      expect(connection.challenge).toBe('last');
      expect(await connection.authenticate(sign, { signal: never, timeoutMs: 100 })).toEqual({ ok: true });
      expect(JSON.parse(relay.received[0] ?? '')).toMatchObject([
        'AUTH',
        {
          kind: 22_242,
          created_at: 1_700_000_000,
          content: '',
          tags: [
            ['relay', 'wss://x.example.com/inbox'],
            ['challenge', 'last'],
          ],
        },
      ]);
    });

    it('waits for a challenge, and signs it once for two callers', async () => {
      const { connection, relay } = connect(onAuth('OK', 'a'.repeat(64), true, ''));
      const options = { signal: never, timeoutMs: 200 };
      setTimeout(() => relay.send(['AUTH', 'late']), 30);

      const answers = await Promise.all([
        connection.authenticate(sign, options),
        connection.authenticate(sign, options),
      ]);

      expect(answers).toEqual([{ ok: true }, { ok: true }]);
      expect(relay.received).toHaveLength(1);
    });

    it.each<[string, Answer, boolean, object]>([
      ['no challenge', () => undefined, false, { ok: false, reason: 'no-challenge' }],
      ['silence', () => undefined, true, { ok: false, reason: 'timeout' }],
      [
        'a refusal',
        onAuth('OK', 'a'.repeat(64), false, 'restricted: not you'),
        true,
        { ok: false, reason: 'refused', by: 'OK', class: 'restricted', text: 'restricted: not you' },
      ],
    ])('takes %s', async (_, answer, challenged, result) => {
      const { connection, relay } = connect(answer);
      if (challenged) relay.send(['AUTH', 'c']);
      await delay(5);

      expect(await connection.authenticate(sign, { signal: never, timeoutMs: 40 })).toEqual(result);
    });

    it('may try again after a failure', async () => {
      let accepted = false;
      const { connection, relay } = connect(([verb], peer) => {
        if (verb === 'AUTH') peer.send(['OK', 'a'.repeat(64), accepted, '']);
      });
      relay.send(['AUTH', 'c']);
      await delay(5);

      expect(await connection.authenticate(sign, { signal: never, timeoutMs: 40 })).toMatchObject({ ok: false });
      accepted = true;
      expect(await connection.authenticate(sign, { signal: never, timeoutMs: 40 })).toEqual({ ok: true });
    });
  });

  describe('keepAlive', () => {
    it.each<[string, ScriptedSocketOptions, number, (peer: ScriptedPeer, stop: AbortController) => void, string]>([
      ['the relay answers no ping', { pingMs: undefined }, 5, () => undefined, 'silent'],
      ['the connection ends', {}, 10_000, (peer) => peer.cut(), 'closed'],
      ['we stop', {}, 5, (_, stop) => setTimeout(() => stop.abort(), 30), 'aborted'],
    ])('comes back when %s', async (_, options, everyMs, act, expected) => {
      const { connection, relay } = connect(undefined, options);
      const stop = new AbortController();
      const kept = connection.keepAlive({ signal: stop.signal, everyMs, timeoutMs: 10 });

      act(relay, stop);

      expect(await kept).toBe(expected);
    });
  });
});

function countListeners(signal: AbortSignal) {
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners += 1;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners -= 1;
    remove(...args);
  };
  return { signal, listeners: () => listeners };
}
