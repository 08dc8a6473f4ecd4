import type { Queryable } from '@bigbrotr/core';
import { unixNow, type Filter, type Interval, type Now } from '@bigbrotr/models';
import { NegentropyItemSet, runNegentropySession, type NegentropyBatch, type NegentropyOutcome } from '@bigbrotr/nips';

import type { CoverageLedger } from './coverage-ledger.js';
import type { JudgedPage } from './judge-page.js';
import type { PageReader } from './page-reader.js';
import { OPEN } from './page-walk.js';
import { readSeenItems, readStored } from './queries.js';
import type { RelayLine, SliceEnd } from './relay-line.js';

export interface ReconcileWindowOptions {
  readonly relayId: number;
  /** Ids fetched at a time; not more than the relay gives in one page. */
  readonly batchSize: number;
  /** Longest wait for an answer. */
  readonly idleMs: number;
  readonly hardMs: number;
}

export interface ReconcileWindowModules {
  readonly db: Queryable;
  readonly now: Now;
  readonly line: RelayLine;
  readonly ledger: CoverageLedger;
  readonly reader: PageReader;
}

export type WindowResult =
  | {
      readonly end: 'complete';
      /** created_at by id of all that the relay named or confirmed, as far as it is known. */
      readonly ids: ReadonlyMap<string, number>;
      /** Unix seconds at which the session began. */
      readonly asked: number;
    }
  /** More than the relay or we reconcile at once: to be asked for in smaller windows. */
  | { readonly end: 'too-wide' }
  /** The relay does not speak it, or not properly. */
  | { readonly end: 'unsupported' }
  /** Not now. */
  | { readonly end: 'unavailable' }
  | { readonly end: 'over'; readonly why: SliceEnd };

const MAX_LOCAL = 500_000;
const MAX_NEED = 50_000;

/**
 * One NIP-77 session over a window. What the archive holds already becomes provenance without a download, the rest is
 * fetched by id. A complete session proves nothing below the oldest id that came up: some relays compare only their
 * newest events, and keep quiet about it.
 */
export async function reconcileWindow(
  window: Interval,
  options: ReconcileWindowOptions,
  modules: ReconcileWindowModules,
  signal: AbortSignal,
): Promise<WindowResult> {
  // One second wider on both sides: some relays leave out the seconds that bounds name.
  const wide = { since: Math.max(0, window.since - 1), until: Math.min(OPEN, window.until + 1) };
  const local = await readSeenItems(modules.db, options.relayId, wide, MAX_LOCAL);
  if (!local) return { end: 'too-wide' };
  const asked = unixNow(modules.now);
  const ids = new Map(local.map((item) => [Buffer.from(item.id).toString('hex'), item.created_at]));
  let over: SliceEnd | undefined;
  const stop = new AbortController();

  async function onBatch({ need, have }: NegentropyBatch): Promise<void> {
    for (const id of have) ids.delete(id);
    if (need.length === 0 || over) return;
    over = await takeNeeded(need, ids, options, modules);
    if (over) stop.abort();
  }

  const connected = await modules.line.connection();
  if (!connected.ok) return { end: 'over', why: connected.end };
  const outcome = await runNegentropySession(
    {
      signal: AbortSignal.any([signal, stop.signal]),
      turnMs: options.idleMs,
      hardMs: options.hardMs,
      filter: filterOf(wide),
      items: new NegentropyItemSet(local),
      maxNeed: MAX_NEED,
      batchSize: options.batchSize,
      onBatch,
    },
    connected.relay,
  );
  if (over) return { end: 'over', why: over };
  if (signal.aborted) return { end: 'over', why: { end: 'budget' } };
  if (outcome.end !== 'complete') return failed(outcome, modules.line);
  for (const [id, at] of ids) if (at < window.since || at > window.until) ids.delete(id);
  return { end: 'complete', ids, asked };
}

function failed(outcome: Exclude<NegentropyOutcome, { end: 'complete' }>, line: RelayLine): WindowResult {
  switch (outcome.end) {
    case 'too-many':
      return { end: 'too-wide' };
    case 'refused':
      if (outcome.cap !== undefined || /too (?:many|big|large)|results/i.test(outcome.text)) return { end: 'too-wide' };
      return {
        end: outcome.class === 'auth-required' || outcome.class === 'rate-limited' ? 'unavailable' : 'unsupported',
      };
    case 'garbage':
      return { end: 'unsupported' };
    case 'timeout':
      if (line.isOver) return { end: 'over', why: { end: 'budget' } };
      return { end: outcome.rounds > 0 ? 'unavailable' : 'unsupported' };
    case 'disconnect':
      return { end: outcome.rounds > 0 ? 'unavailable' : 'unsupported' };
    case 'aborted':
      return { end: 'over', why: { end: 'budget' } };
  }
}

async function takeNeeded(
  need: readonly string[],
  ids: Map<string, number>,
  { batchSize }: ReconcileWindowOptions,
  { db, ledger, reader }: ReconcileWindowModules,
): Promise<SliceEnd | undefined> {
  const stored = await readStored(db, need);
  for (const { id, createdAt } of stored) ids.set(id, createdAt);
  if (stored.length > 0 && !(await ledger.commit(provenance(stored), []))) return { end: 'fenced' };
  const held = new Set(stored.map((event) => event.id));
  let missing = need.filter((id) => !held.has(id));
  while (missing.length > 0) {
    const wanted = missing.slice(0, batchSize);
    const page = await reader.read(() => ({ ids: wanted, limit: wanted.length }));
    if (!page.ok) return page.end;
    if (!(await ledger.commit(page.rest, []))) return { end: 'fenced' };
    for (const { id, created_at } of page.positions.values()) ids.set(id, created_at);
    // Named and not delivered, even asked for alone: the relay shows it to others, or not any more.
    if (page.positions.size === 0) missing = missing.slice(wanted.length);
    else missing = missing.filter((id) => !page.positions.has(id));
  }
  return undefined;
}

function provenance(known: readonly { readonly seq: number; readonly createdAt: number }[]): JudgedPage {
  return {
    fresh: [],
    known,
    declined: [],
    mentions: [],
    positions: [],
    strays: 0,
    verdicts: new Map([['known', known.length]]),
  };
}

function filterOf({ since, until }: Interval): Filter {
  return { ...(since > 0 && { since }), ...(until < OPEN && { until: Math.max(1, until) }) };
}
