import { afterEach, describe, expect, it } from '@jest/globals';
import type { Dial, DialFailureReason, RelayUrl } from '@bigbrotr/models';
import { createEventFactory, createScriptedSocket, type ScriptedPeer } from '@bigbrotr/testing';
import { generateSecretKey, signEvent } from '@bigbrotr/utils';

import { Outlets } from './outlets.js';

const URL = 'wss://relay.example.com' as RelayUrl;
const signal = new AbortController().signal;
const key = generateSecretKey();
const [first, second] = createEventFactory({ seed: 3 }).many(2);

type Answer = (message: readonly unknown[], peer: ScriptedPeer) => void;

describe('Outlets', () => {
  let outlets: Outlets | undefined;

  afterEach(() => outlets?.close());

  function open(answer: Answer | DialFailureReason, coolDownMs = 60_000, idleMs = 60_000) {
    const peers: ScriptedPeer[] = [];
    const dials = { count: 0, closed: 0 };
    const dial: Dial = () => {
      dials.count += 1;
      if (typeof answer === 'string') return Promise.resolve({ ok: false, failure: { reason: answer } });
      const { socket, relay } = createScriptedSocket(answer);
      peers.push(relay);
      const close = () => {
        dials.closed += 1;
        return socket.close();
      };
      const get = (on: typeof socket, name: string | symbol): unknown =>
        name === 'close' ? close : Reflect.get(on, name);
      return Promise.resolve({ ok: true, socket: new Proxy(socket, { get }) });
    };
    const modules = {
      dial,
      sign: (template: Parameters<typeof signEvent>[0]) => signEvent(template, key),
      now: Date.now,
    };
    const made = (outlets = new Outlets({ timeoutMs: () => 100, idleMs, coolDownMs }, modules));
    return { dials, peers, send: (event = first!) => made.send(URL, event, signal) };
  }

  const accept: Answer = ([verb, event], peer) => {
    if (verb === 'EVENT') peer.send(['OK', (event as { id: string }).id, true, '']);
  };
  const refuse =
    (text: string): Answer =>
    ([verb, event], peer) => {
      if (verb === 'EVENT') peer.send(['OK', (event as { id: string }).id, false, text]);
    };

  it('uses one connection for all that is sent at once, and a new one when that broke', async () => {
    const { dials, peers, send } = open(accept);

    expect(await Promise.all([send(first), send(second)])).toEqual([{ ok: true }, { ok: true }]);
    expect(dials.count).toBe(1);
    peers[0]!.cut();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await send()).toEqual({ ok: true });
    expect(dials.count).toBe(2);
  });

  it('shows who it is where that is asked for', async () => {
    let known = false;
    const verbs: unknown[] = [];
    const { send } = open(([verb, event], peer) => {
      verbs.push(verb);
      const { id } = event as { id: string };
      if (verb === 'AUTH') known = true;
      if (known) peer.send(['OK', id, true, '']);
      else peer.send(['AUTH', 'challenge'], ['OK', id, false, 'auth-required: who are you']);
    });

    expect(await send()).toEqual({ ok: true });
    expect(verbs).toEqual(['EVENT', 'AUTH', 'EVENT']);
  });

  it.each([
    ['blocked: not you', { ok: false, reason: 'blocked', final: true }],
    ['pow: 28 bits', { ok: false, reason: 'pow', final: true }],
    ['error: disk full', { ok: false, reason: 'error', final: false }],
    ['duplicate: have it', { ok: true }],
  ])('takes "%s" for what it means', async (text, expected) => {
    expect(await open(refuse(text)).send()).toEqual(expected);
  });

  it('leaves a relay alone that asks for it, or that is not there', async () => {
    const limited = open(refuse('rate-limited: slow down'));
    expect(await limited.send()).toEqual({ ok: false, reason: 'rate-limited', final: false });
    expect(await limited.send(second)).toEqual({ ok: false, reason: 'rate-limited', final: false });
    expect(limited.peers[0]!.received).toHaveLength(1);
    await outlets?.close();

    const absent = open('timeout', 20);
    expect(await absent.send()).toEqual({ ok: false, reason: 'timeout', final: false });
    await absent.send();
    expect(absent.dials.count).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    await absent.send();
    expect(absent.dials.count).toBe(2);
  });

  it('closes what is not used', async () => {
    const { dials, send } = open(accept, 60_000, 10);

    await send();
    expect(dials.closed).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(dials.closed).toBe(1);
  });
});
