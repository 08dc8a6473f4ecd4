import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, it, expect } from '@jest/globals';
import type { FrameSocket } from '@bigbrotr/models';
import { createScriptedSocket, type ScriptedPeer } from '@bigbrotr/testing';
import { RelayConnection } from '../nip01/relay-connection.js';
import { NegentropyItemSet } from './item-set.js';
import { createNegentropyResponder } from './responder.js';
import { runNegentropySession, type NegentropyBatch, type NegentropySessionOptions } from './session.js';

type Answer = (message: readonly unknown[], peer: ScriptedPeer) => void;

const signal = new AbortController().signal;
const opened: FrameSocket[] = [];

afterEach(() => Promise.all(opened.splice(0).map((socket) => socket.close())));

const eventsOf = (count: number, salt: string) =>
  Array.from({ length: count }, (_, n) => ({
    id: createHash('sha256').update(`${salt}${n}`).digest('hex'),
    created_at: 1_700_000_000 + n * 7,
  }));

const itemsOf = (events: readonly { id: string; created_at: number }[]) =>
  new NegentropyItemSet(events.map(({ id, created_at }) => ({ created_at, id: Buffer.from(id, 'hex') })));

/** A relay that reconciles these events, in small frames. */
function reconciling(events: readonly { id: string; created_at: number }[]): Answer {
  const responder = createNegentropyResponder({ frameSizeLimit: 4_096 }, events);
  return ([verb, sub, second, third], peer) => {
    if (verb === 'NEG-OPEN') peer.send(['NEG-MSG', sub, responder.reply(third as string)]);
    if (verb === 'NEG-MSG') peer.send(['NEG-MSG', sub, responder.reply(second as string)]);
  };
}

const onOpen =
  (...frames: (readonly unknown[])[]): Answer =>
  ([verb, sub], peer) => {
    if (verb === 'NEG-OPEN') peer.send(...frames.map((frame) => frame.map((item) => (item === '$' ? sub : item))));
  };

async function run(answer: Answer, options: Partial<NegentropySessionOptions> = {}) {
  const { socket, relay } = createScriptedSocket(answer);
  opened.push(socket);
  const connection = new RelayConnection({ now: Date.now }, socket);
  const batches: NegentropyBatch[] = [];
  const outcome = await runNegentropySession(
    {
      signal,
      turnMs: 60,
      hardMs: 5_000,
      filter: { since: 1 },
      items: new NegentropyItemSet([]),
      maxNeed: 100_000,
      onBatch: (batch) => void batches.push(batch),
      ...options,
    },
    connection,
  );
  return { outcome, batches, relay, verbs: relay.received.map((text) => (JSON.parse(text) as [string])[0]) };
}

describe('runNegentropySession', () => {
  it('tells both sides of the difference, each id once, in batches', async () => {
    const common = eventsOf(2_000, 'common');
    const ours = eventsOf(120, 'ours');
    const theirs = eventsOf(900, 'theirs');

    const { outcome, batches, verbs } = await run(reconciling([...common, ...theirs]), {
      items: itemsOf([...common, ...ours]),
      batchSize: 50,
    });

    expect(outcome).toMatchObject({ end: 'complete', need: 900, have: 120 });
    expect(batches.flatMap(({ need }) => need).sort()).toEqual(theirs.map(({ id }) => id).sort());
    expect(batches.flatMap(({ have }) => have).sort()).toEqual(ours.map(({ id }) => id).sort());
    expect(Math.max(...batches.map(({ need, have }) => Math.max(need.length, have.length)))).toBeLessThanOrEqual(50);
    expect(verbs[0]).toBe('NEG-OPEN');
    expect(verbs.at(-1)).toBe('NEG-CLOSE');
    expect(outcome.rounds).toBe(verbs.length - 1);
  });

  it('lists everything to an empty set', async () => {
    const theirs = eventsOf(3_000, 'theirs');

    const { outcome, relay } = await run(reconciling(theirs));

    expect(outcome).toMatchObject({ end: 'complete', need: 3_000, have: 0 });
    expect(JSON.parse(relay.received[0] ?? '')).toMatchObject([
      'NEG-OPEN',
      expect.any(String),
      { since: 1 },
      '6100000200',
    ]);
  });

  it('tells an id once that the relay names in two rounds', async () => {
    const id = 'ab'.repeat(32);
    const untilSecond100 = `65000201${id}`;
    const rest = `000001${'00'.repeat(16)}`;
    const answer: Answer = ([verb, sub], peer) => {
      if (verb === 'NEG-OPEN') peer.send(['NEG-MSG', sub, `61${untilSecond100}${rest}`]);
      if (verb === 'NEG-MSG') peer.send(['NEG-MSG', sub, `6100000201${id}`]);
    };

    const { outcome, batches } = await run(answer);

    expect(outcome).toMatchObject({ end: 'complete', need: 1, rounds: 2 });
    expect(batches).toEqual([{ need: [id], have: [] }]);
  });

  it('waits for a slow consumer before it asks on', async () => {
    const busy: number[] = [];
    let working = 0;

    const { outcome } = await run(reconciling(eventsOf(1_000, 'theirs')), {
      turnMs: 30,
      onBatch: async () => {
        working += 1;
        busy.push(working);
        await delay(40);
        working -= 1;
      },
    });

    expect(outcome.end).toBe('complete');
    expect(busy.length).toBeGreaterThan(5);
    expect(Math.max(...busy)).toBe(1);
  });

  it.each<[string, Answer, object, string[]]>([
    [
      'NEG-ERR with a cap',
      onOpen(['NEG-ERR', '$', 'blocked: too many query results', 500_000]),
      { end: 'refused', class: 'blocked', text: 'blocked: too many query results', cap: 500_000 },
      ['NEG-OPEN'],
    ],
    [
      'NEG-ERR',
      onOpen(['NEG-ERR', '$', 'closed: idle']),
      { end: 'refused', class: 'error', text: 'closed: idle' },
      ['NEG-OPEN'],
    ],
    [
      'CLOSED',
      onOpen(['CLOSED', '$', 'unsupported: no']),
      { end: 'refused', class: 'unsupported', text: 'unsupported: no' },
      ['NEG-OPEN'],
    ],
    [
      'a NOTICE',
      onOpen(['NOTICE', 'ERROR: bad msg: negentropy disabled']),
      { end: 'refused', class: 'unsupported', text: 'ERROR: bad msg: negentropy disabled' },
      ['NEG-OPEN'],
    ],
    ['silence', () => undefined, { end: 'timeout' }, ['NEG-OPEN']],
    [
      'text for hex',
      onOpen(['NEG-MSG', '$', 'hello']),
      { end: 'garbage', reason: 'not-hex' },
      ['NEG-OPEN', 'NEG-CLOSE'],
    ],
    ['half a byte', onOpen(['NEG-MSG', '$', '610']), { end: 'garbage', reason: 'not-hex' }, ['NEG-OPEN', 'NEG-CLOSE']],
    [
      'another version',
      onOpen(['NEG-MSG', '$', '62']),
      { end: 'garbage', reason: 'version' },
      ['NEG-OPEN', 'NEG-CLOSE'],
    ],
    ['noise', onOpen(['NEG-MSG', '$', '61ffff']), { end: 'garbage', reason: 'truncated' }, ['NEG-OPEN', 'NEG-CLOSE']],
    [
      'the end of the connection',
      (_, peer) => peer.cut(),
      { end: 'disconnect', close: { code: 1006, reason: '' } },
      ['NEG-OPEN'],
    ],
  ])('ends by %s', async (_, answer, outcome, sent) => {
    const result = await run(answer);

    expect(result.outcome).toEqual({ ...outcome, need: 0, have: 0, rounds: sent.length - 1 });
    expect(result.verbs).toEqual(sent);
  });

  it('goes on when it hears what it did not ask for', async () => {
    const { outcome } = await run(onOpen(['NEG-MSG', 'other', '62'], ['NEG-MSG', '$', '61'], ['NEG-MSG', '$', '62']));

    expect(outcome).toMatchObject({ end: 'complete', rounds: 1 });
  });

  it('ends a relay that names ids without end', async () => {
    const { outcome } = await run(reconciling(eventsOf(3_000, 'theirs')), { maxNeed: 1_000 });

    expect(outcome.end).toBe('too-many');
    expect(outcome.need).toBeLessThan(1_200);
  });

  it('ends a conversation without end at the hard deadline', async () => {
    const again: Answer = ([verb, sub], peer) => {
      // Every range differs, whatever we say.
      if (verb !== 'NEG-CLOSE') setTimeout(() => peer.send(['NEG-MSG', sub, '61000001' + '00'.repeat(16)]), 5);
    };

    const { outcome } = await run(again, { hardMs: 120 });

    expect(outcome).toMatchObject({ end: 'timeout', need: 0 });
    expect(outcome.rounds).toBeGreaterThan(2);
  });

  it('stops when aborted, also between rounds', async () => {
    const abort = new AbortController();

    const { outcome, verbs } = await run(reconciling(eventsOf(3_000, 'theirs')), {
      signal: abort.signal,
      onBatch: () => abort.abort(),
    });

    expect(outcome).toMatchObject({ end: 'aborted', rounds: 1 });
    expect(verbs).toEqual(['NEG-OPEN', 'NEG-CLOSE']);
  });

  it('says nothing under a signal that is aborted already', async () => {
    const { outcome, verbs } = await run(() => undefined, { signal: AbortSignal.abort() });

    expect(outcome).toMatchObject({ end: 'aborted', rounds: 0 });
    expect(verbs).toEqual([]);
  });
});
