import { afterEach, describe, it, expect } from '@jest/globals';
import { computeEventId, type FrameSocket, type NostrEvent } from '@bigbrotr/models';
import { createScriptedSocket, type ScriptedPeer } from '@bigbrotr/testing';
import { RelayConnection } from '../nip01/relay-connection.js';
import type { EventTemplate } from '../nip42/auth.js';
import { checkWrite, leadingZeroBits, type WriteCheck } from './write-check.js';

const AT = 1_700_000_000;
const PUBKEY = 'b'.repeat(64);
const opened: FrameSocket[] = [];

afterEach(() => Promise.all(opened.splice(0).map((socket) => socket.close())));

function sign(template: EventTemplate): NostrEvent {
  const unsigned = { ...template, pubkey: PUBKEY };
  return { id: computeEventId(unsigned), ...unsigned, sig: 'c'.repeat(128) };
}

/** A relay that answers an EVENT and a REQ so. */
type Manner = (event: NostrEvent) => {
  readonly onEvent?: readonly unknown[];
  readonly onReq?: (sub: unknown) => readonly (readonly unknown[])[];
};

function run(manner: Manner, pow = 0, signal = new AbortController().signal) {
  let event: NostrEvent | undefined;
  const answer = ([verb, subject]: readonly unknown[], peer: ScriptedPeer) => {
    if (verb === 'EVENT') event = subject as NostrEvent;
    if (event === undefined) return;
    const { onEvent, onReq } = manner(event);
    if (verb === 'EVENT' && onEvent) peer.send(onEvent);
    if (verb === 'REQ' && onReq) peer.send(...onReq(subject));
  };
  const { socket, relay } = createScriptedSocket(answer);
  opened.push(socket);
  const options = { signal, timeoutMs: 100, at: AT, pow, maxPow: 12 };
  return { relay, check: checkWrite(options, sign, new RelayConnection({ now: Date.now }, socket)) };
}

const ms: unknown = expect.any(Number);
const ok = ({ id }: NostrEvent) => ['OK', id, true, ''];

describe('checkWrite', () => {
  it.each<[string, Manner, WriteCheck]>([
    [
      'OK and the event',
      (event) => ({
        onEvent: ok(event),
        onReq: (sub) => [
          ['EVENT', sub, event],
          ['EOSE', sub],
        ],
      }),
      { result: 'confirmed', ms: ms as number },
    ],
    [
      'OK and nothing',
      (event) => ({ onEvent: ok(event), onReq: (sub) => [['EOSE', sub]] }),
      { result: 'accepted', ms: ms as number, reason: 'not-served' },
    ],
    [
      'OK and another event',
      (event) => ({
        onEvent: ok(event),
        onReq: (sub) => [
          ['EVENT', sub, { ...event, id: 'a'.repeat(64) }],
          ['EOSE', sub],
        ],
      }),
      { result: 'accepted', ms: ms as number, reason: 'not-served' },
    ],
    [
      'no',
      (event) => ({ onEvent: ['OK', event.id, false, 'restricted: members only'] }),
      { result: 'refused', ms: ms as number, reason: 'restricted: restricted: members only' },
    ],
    ['silence', () => ({}), { result: 'failed', reason: 'timeout' }],
  ])('tells %s', async (_, manner, expected) => {
    expect(await run(manner).check).toEqual(expected);
  });

  it('does the work that is asked for', async () => {
    const { relay, check } = run((event) => ({ onEvent: ok(event) }), 9);
    await check;

    const [, event] = JSON.parse(relay.received[0]!) as [string, NostrEvent];
    expect(computeEventId(event)).toBe(event.id);
    expect(Number.parseInt(event.id.slice(0, 4), 16)).toBeLessThan(2 ** 7);
    expect(event.tags).toContainEqual(['nonce', expect.any(String), '9']);
  });

  it('does not overdo it, and stops when told to', async () => {
    const { relay, check } = run(() => ({}), 13);

    expect(await check).toEqual({ result: 'failed', reason: 'pow-too-hard' });
    expect(await run(() => ({}), 12, AbortSignal.abort()).check).toEqual({ result: 'failed', reason: 'aborted' });
    expect(relay.received).toEqual([]);
  });

  it.each([
    ['ff', 0],
    ['7f', 1],
    ['00ff', 8],
    ['0001', 15],
    ['00000000ff', 32],
  ])('counts the zero bits of %s', (start, bits) => {
    expect(leadingZeroBits(start.padEnd(64, 'f'))).toBe(bits);
  });
});
