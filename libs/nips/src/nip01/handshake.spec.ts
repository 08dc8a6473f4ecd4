import { afterEach, describe, it, expect } from '@jest/globals';
import type { FrameSocket } from '@bigbrotr/models';
import { createScriptedSocket, type ScriptedPeer } from '@bigbrotr/testing';
import { proveNostr } from './handshake.js';
import { RelayConnection } from './relay-connection.js';

type Answer = (message: readonly unknown[], peer: ScriptedPeer) => void;

const signal = new AbortController().signal;
const opened: FrameSocket[] = [];

afterEach(() => Promise.all(opened.splice(0).map((socket) => socket.close())));

function connect(answer: Answer) {
  const { socket, relay } = createScriptedSocket(answer);
  opened.push(socket);
  return { connection: new RelayConnection({ now: Date.now }, socket), relay };
}

/** Answers each REQ, and nothing else. */
const onReq =
  (answer: (sub: unknown, peer: ScriptedPeer) => void): Answer =>
  ([verb, sub], peer) => {
    if (verb === 'REQ') answer(sub, peer);
  };

const event = {
  id: 'a'.repeat(64),
  pubkey: 'b'.repeat(64),
  created_at: 1,
  kind: 1,
  tags: [],
  content: '',
  sig: 'c'.repeat(128),
};

const readMs: unknown = expect.any(Number);

describe('proveNostr', () => {
  it.each<[string, Answer, object]>([
    ['an event', onReq((sub, peer) => peer.send(['EVENT', sub, event])), { ok: true, answer: 'event', readMs }],
    ['EOSE', onReq((sub, peer) => peer.send(['EOSE', sub])), { ok: true, answer: 'eose', readMs }],
    [
      'an event among garbage events',
      onReq((sub, peer) => peer.send(['EVENT', sub, null], ['EVENT', sub, event])),
      { ok: true, answer: 'event', readMs },
    ],
    [
      'CLOSED',
      onReq((sub, peer) => peer.send(['CLOSED', sub, 'auth-required: pay first'])),
      { ok: true, answer: 'closed', class: 'auth-required', text: 'auth-required: pay first' },
    ],
    [
      'a demand for AUTH and silence',
      onReq((_, peer) => peer.send(['AUTH', 'challenge'])),
      { ok: true, answer: 'auth' },
    ],
    [
      'a demand for AUTH and the end',
      onReq((_, peer) => {
        peer.send(['AUTH', 'challenge']);
        peer.cut();
      }),
      { ok: true, answer: 'auth' },
    ],
    [
      'a greeting that sounds like a refusal, then EOSE',
      onReq((sub, peer) => {
        peer.send(['NOTICE', 'paid relay, members only']);
        setTimeout(() => peer.send(['EOSE', sub]), 20);
      }),
      { ok: true, answer: 'eose', readMs },
    ],
    [
      'refusal by NOTICE, again and again',
      onReq((_, peer) => peer.send(['NOTICE', 'rate-limited: later'])),
      { ok: false, reason: 'notice', class: 'rate-limited', text: 'rate-limited: later' },
    ],
    ['silence', () => undefined, { ok: false, reason: 'silence' }],
    ['an echo', (message, peer) => peer.send(message), { ok: false, reason: 'echo' }],
    ['another protocol', onReq((_, peer) => peer.send('{"jsonrpc":"2.0"}')), { ok: false, reason: 'garbage' }],
    ['answers to others', onReq((_, peer) => peer.send(['EOSE', 'x'])), { ok: false, reason: 'garbage' }],
    [
      'garbage events without end',
      onReq((sub, peer) => Array.from({ length: 100 }, () => peer.send(['EVENT', sub, { id: 1 }]))),
      { ok: false, reason: 'garbage' },
    ],
    [
      'the end of the connection',
      onReq((_, peer) => peer.cut({ code: 1008, reason: 'no' })),
      { ok: false, reason: 'disconnect', close: { code: 1008, reason: 'no' } },
    ],
  ])('judges %s', async (_, answer, expected) => {
    const { connection } = connect(answer);

    expect(await proveNostr({ signal, timeoutMs: 60 }, connection)).toEqual(expected);
  });

  it('asks for any one event, or for what it is told to', async () => {
    const { connection, relay } = connect(onReq((sub, peer) => peer.send(['EOSE', sub])));

    await proveNostr({ signal, timeoutMs: 60 }, connection);
    await proveNostr({ signal, timeoutMs: 60, filter: { kinds: [0], limit: 1 } }, connection);

    const asked = relay.received.map((text) => JSON.parse(text) as unknown[]).filter(([verb]) => verb === 'REQ');
    expect(asked.map(([, , filter]) => filter)).toEqual([{ limit: 1 }, { kinds: [0], limit: 1 }]);
  });

  it('measures the read', async () => {
    const { connection } = connect(onReq((sub, peer) => setTimeout(() => peer.send(['EOSE', sub]), 40)));

    const proof = await proveNostr({ signal, timeoutMs: 500 }, connection);

    expect(proof).toMatchObject({ ok: true, answer: 'eose' });
    expect('readMs' in proof && proof.readMs).toBeGreaterThanOrEqual(38);
  });

  it('stops when aborted', async () => {
    const abort = new AbortController();
    const { connection } = connect(() => setTimeout(() => abort.abort(), 10));

    expect(await proveNostr({ signal: abort.signal, timeoutMs: 5_000 }, connection)).toEqual({
      ok: false,
      reason: 'aborted',
    });
  });
});
