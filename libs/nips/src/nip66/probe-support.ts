import type { RelayConnection } from '../nip01/relay-connection.js';
import { NegentropyItemSet } from '../nip77/item-set.js';
import { runNegentropySession } from '../nip77/session.js';

/** By NIP number: true where it was found to work, false where the relay does not know it. The rest could not be told. */
export type SupportFound = Readonly<Record<string, boolean>>;

export interface SupportOptions {
  readonly signal: AbortSignal;
  /** Of each trial. */
  readonly timeoutMs: number;
  /** Unix seconds. */
  readonly at: number;
}

/** Tries NIP-42, 45, 67 and 77, one after the other: a NOTICE then can only be meant for the trial at hand. */
export async function probeSupport(options: SupportOptions, connection: RelayConnection): Promise<SupportFound> {
  const hints = await tryHints(options, connection);
  const count = await tryCount(options, connection);
  const negentropy = await tryNegentropy(options, connection);
  const found = {
    '42': connection.challenge === undefined ? undefined : true,
    '45': count,
    '67': hints,
    '77': negentropy,
  };
  const told = Object.entries(found).filter((entry): entry is [string, boolean] => entry[1] !== undefined);
  return Object.fromEntries(told);
}

/** NIP-67. Silence proves nothing: only a hint shows that a relay gives any. */
async function tryHints({ signal, timeoutMs }: SupportOptions, connection: RelayConnection): Promise<true | undefined> {
  const request = connection.request([{ limit: 1 }], { signal, idleMs: timeoutMs, hardMs: timeoutMs, maxEvents: 5 });
  await request.outcome;
  const hints = request.eoseHints;
  return hints?.finish === true || hints?.more === true || hints?.auth === true ? true : undefined;
}

/** NIP-45. */
async function tryCount(
  { signal, timeoutMs, at }: SupportOptions,
  connection: RelayConnection,
): Promise<boolean | undefined> {
  const answer = await connection.count({ kinds: [1], since: at }, { signal, timeoutMs });
  if (answer.ok) return true;
  return answer.reason === 'refused' && UNKNOWN_VERB.includes(answer.class) ? false : undefined;
}

/** NIP-77, over one second: next to nothing to compare. */
async function tryNegentropy(
  { signal, timeoutMs, at }: SupportOptions,
  connection: RelayConnection,
): Promise<boolean | undefined> {
  const { end, ...outcome } = await runNegentropySession(
    {
      signal,
      turnMs: timeoutMs,
      hardMs: timeoutMs,
      filter: { since: at - 1, until: at },
      items: new NegentropyItemSet([]),
      maxNeed: 1_000,
      onBatch: () => undefined,
    },
    connection,
  );
  if (end === 'complete' || end === 'too-many') return true;
  if (end === 'garbage') return false;
  return end === 'refused' && 'class' in outcome && UNKNOWN_VERB.includes(outcome.class) ? false : undefined;
}

const UNKNOWN_VERB: readonly string[] = ['unsupported', 'invalid'];
