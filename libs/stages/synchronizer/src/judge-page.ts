import type { CommitResult, DeclinedEvent, EventVerdict, EventWriter, Mention } from '@bigbrotr/core';
import {
  checkEventId,
  expirationOf,
  kindClass,
  matchesFilter,
  parseEvent,
  type Filter,
  type NostrEvent,
} from '@bigbrotr/models';
import { relayMentions } from '@bigbrotr/nips';

import type { Position } from './page-walk.js';

export interface JudgedPage {
  readonly fresh: readonly NostrEvent[];
  readonly known: readonly { readonly seq: number; readonly createdAt: number }[];
  readonly declined: readonly DeclinedEvent[];
  readonly mentions: readonly Mention[];
  /** Everything inside the request, good or bad, once. */
  readonly positions: readonly Position[];
  /** What the request did not ask for. */
  readonly strays: number;
  readonly verdicts: ReadonlyMap<EventVerdict, number>;
}

export interface JudgeOptions {
  /** The request as it was sent. */
  readonly filter: Filter;
  readonly expiration: 'keep' | 'drop';
  /** Unix seconds. */
  readonly at: number;
}

export interface JudgeModules {
  readonly writer: Pick<EventWriter, 'known'>;
  readonly verifyMany: (items: readonly NostrEvent[], signal: AbortSignal) => Promise<readonly boolean[]>;
}

/**
 * From raw events to verdicts, cheapest question first: shape, filter, id, known?, signature. The id is computed before
 * anything is looked up, so that a forged body under a known id never becomes provenance.
 */
export async function judgePage(
  raws: readonly unknown[],
  options: JudgeOptions,
  modules: JudgeModules,
  signal: AbortSignal,
): Promise<JudgedPage> {
  const verdicts = new Map<EventVerdict, number>();
  const tally = (verdict: EventVerdict, n = 1) => verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + n);
  const positions = new Map<string, Position>();
  const declined: DeclinedEvent[] = [];
  /** Copies of one id may differ in their signature: one good one is enough. */
  const candidates = new Map<string, NostrEvent[]>();
  let strays = 0;

  for (const raw of raws) {
    const parsed = parseEvent(raw);
    if (!parsed.ok) {
      tally('malformed');
      const position = positionOf(raw);
      if (position && matchesWindow(options.filter, position.created_at)) positions.set(position.id, position);
      else strays++;
      continue;
    }
    const { event } = parsed;
    if (!matchesFilter(options.filter, event)) {
      tally('unasked');
      strays++;
      continue;
    }
    const copies = candidates.get(event.id);
    if (copies?.some((copy) => copy.sig === event.sig)) continue;
    const isForged = !checkEventId(event);
    // The place of the true event counts; a forged one under its id does not move it.
    if (!isForged || !positions.has(event.id))
      positions.set(event.id, { id: event.id, created_at: event.created_at, kind: event.kind, pubkey: event.pubkey });
    if (isForged) {
      tally('wrong-id');
      declined.push({ id: event.id, createdAt: event.created_at, reason: 'wrong-id' });
    } else if (declines(event, options)) {
      tally('declined');
      declined.push({
        id: event.id,
        createdAt: event.created_at,
        reason: kindClass(event.kind) === 'ephemeral' ? 'ephemeral' : 'expired',
      });
    } else if (copies) {
      copies.push(event);
    } else {
      candidates.set(event.id, [event]);
    }
  }

  const stored = await modules.writer.known([...candidates.keys()]);
  const known = [...stored].map(([id, seq]) => ({ seq, createdAt: candidates.get(id)?.[0]?.created_at ?? 0 }));
  if (known.length > 0) tally('known', known.length);
  const unknown = [...candidates].filter(([id]) => !stored.has(id)).flatMap(([, copies]) => copies);
  const valid = await modules.verifyMany(unknown, signal);

  const fresh = new Map<string, NostrEvent>();
  unknown.forEach((event, i) => {
    if (valid[i] === true) fresh.set(event.id, event);
    else tally('bad-signature');
  });
  for (const [id, [event]] of candidates) {
    if (event && !stored.has(id) && !fresh.has(id))
      declined.push({ id, createdAt: event.created_at, reason: 'bad-signature' });
  }
  const mentions = [...fresh.values()].flatMap((event) => relayMentions(event));
  return {
    fresh: [...fresh.values()],
    known,
    declined,
    mentions,
    positions: [...positions.values()],
    strays,
    verdicts,
  };
}

/** What is only known once the page is durable. */
export function tallyCommitted(judged: JudgedPage, committed: CommitResult): Map<EventVerdict, number> {
  const verdicts = new Map(judged.verdicts);
  verdicts.set('stored', committed.stored);
  verdicts.set('declined', (verdicts.get('declined') ?? 0) + committed.refused);
  // New to this page, and stored by another job a moment before.
  verdicts.set('known', (verdicts.get('known') ?? 0) + judged.fresh.length - committed.stored - committed.refused);
  return verdicts;
}

function declines(event: NostrEvent, { expiration, at }: JudgeOptions): boolean {
  if (kindClass(event.kind) === 'ephemeral') return true;
  if (expiration === 'keep') return false;
  const expiresAt = expirationOf(event);
  return expiresAt !== undefined && expiresAt <= at;
}

/** Where a malformed event stands in the relay's order, if it says so: the walk has to get past it. */
function positionOf(raw: unknown): Position | undefined {
  if (typeof raw !== 'object' || raw === null || !('created_at' in raw) || !('id' in raw)) return undefined;
  const { id, created_at } = raw;
  if (typeof id !== 'string' || id.length > 200 || typeof created_at !== 'number' || !Number.isSafeInteger(created_at))
    return undefined;
  return { id, created_at };
}

function matchesWindow({ since = 0, until = Infinity }: Filter, createdAt: number): boolean {
  return createdAt >= since && createdAt <= until;
}
