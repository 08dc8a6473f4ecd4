import { afterEach, describe, it, expect } from '@jest/globals';
import type { FrameSocket } from '@bigbrotr/models';
import { createScriptedSocket, type ScriptedPeer } from '@bigbrotr/testing';
import { RelayConnection } from '../nip01/relay-connection.js';
import { probeSupport, type SupportFound } from './probe-support.js';

type Answers = Readonly<Record<string, (sub: unknown) => readonly unknown[]>>;

const opened: FrameSocket[] = [];

afterEach(() => Promise.all(opened.splice(0).map((socket) => socket.close())));

function probe(answers: Answers): Promise<SupportFound> {
  const answer = ([verb, sub]: readonly unknown[], peer: ScriptedPeer) => {
    const reply = answers[String(verb)]?.(sub);
    if (reply) peer.send(reply);
  };
  const { socket } = createScriptedSocket(answer);
  opened.push(socket);
  const options = { signal: new AbortController().signal, timeoutMs: 150, at: 1_700_000_000 };
  return probeSupport(options, new RelayConnection({ now: Date.now }, socket));
}

const plain: Answers = { REQ: (sub) => ['EOSE', sub] };
const unknown = () => ['NOTICE', 'ERROR: bad msg: unknown cmd'];

describe('probeSupport', () => {
  it.each<[string, Answers, SupportFound]>([
    ['nothing of silence', plain, {}],
    ['a hint that all was sent', { REQ: (sub) => ['EOSE', sub, ['finish']] }, { '67': true }],
    ['a count', { ...plain, COUNT: (sub) => ['COUNT', sub, { count: 0 }] }, { '45': true }],
    [
      'a verb that it does not know',
      { ...plain, COUNT: unknown, 'NEG-OPEN': () => ['NOTICE', 'unsupported: negentropy is disabled'] },
      { '45': false, '77': false },
    ],
    ['nothing of a refusal of us', { ...plain, COUNT: (sub) => ['CLOSED', sub, 'rate-limited: slow down'] }, {}],
    ['an empty set of negentropy', { ...plain, 'NEG-OPEN': (sub) => ['NEG-MSG', sub, '61'] }, { '77': true }],
    ['nonsense for negentropy', { ...plain, 'NEG-OPEN': (sub) => ['NEG-MSG', sub, '61ffffff'] }, { '77': false }],
  ])('tells %s', async (_, answers, expected) => {
    expect(await probe(answers)).toEqual(expected);
  });

  it('tells of AUTH when it was challenged', async () => {
    let first = true;
    const answers = {
      REQ: (sub: unknown) => ['EOSE', sub],
      COUNT: () => (first ? ((first = false), ['AUTH', 'who are you']) : ['NOTICE', '']),
    };

    expect(await probe(answers)).toEqual({ '42': true });
  });
});
