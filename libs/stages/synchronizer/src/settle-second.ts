import { unixNow, type CoverageRow, type Filter, type Now } from '@bigbrotr/models';

import type { CoverageLedger } from './coverage-ledger.js';
import { splitSecond } from './dense-second.js';
import type { Habits } from './habits.js';
import type { PageReader } from './page-reader.js';
import type { Position } from './page-walk.js';
import type { WindowResult } from './reconcile-window.js';
import type { RelayLine, SliceEnd } from './relay-line.js';

export interface DenseSecond {
  /** The configured filter, without its window. */
  readonly filter: Filter;
  readonly second: number;
  /** What a page has shown of it. */
  readonly shown: readonly Position[];
  /** Longest wait for an answer. */
  readonly idleMs: number;
}

export interface SettleModules {
  readonly now: Now;
  readonly line: RelayLine;
  readonly ledger: CoverageLedger;
  readonly reader: PageReader;
  readonly habits: Habits;
  /** NIP-77 over that second. */
  readonly reconcile: () => Promise<WindowResult>;
}

export type Settled = { readonly row: CoverageRow; readonly end?: undefined } | { readonly end: SliceEnd };

const MAX_KINDS_CHECKED = 20;

/** A second that holds more than a page: by reconciliation, else in parts, proven by a COUNT; else it is saturated. */
export async function settleSecond(dense: DenseSecond, modules: SettleModules, signal: AbortSignal): Promise<Settled> {
  const { filter, second, shown } = dense;
  const { reader, ledger, habits } = modules;
  const at = { since: second, until: second, verifiedAt: unixNow(modules.now) } as const;

  const reconciled = await modules.reconcile();
  if (reconciled.end === 'over') return { end: reconciled.why };
  if (reconciled.end === 'complete' && reconciled.ids.size > Math.max(habits.now.cap, shown.length)) {
    const { ids } = reconciled;
    if (await stands(dense, ids, modules, signal)) {
      return { row: { ...at, method: 'negentropy', status: 'complete', events: ids.size } };
    }
  }

  const { limit, cap } = habits.now;
  const split = await splitSecond({ filter, second, limit, cap }, { reader, ledger });
  if (split.end) return { end: split.end };
  const events = split.positions.size;
  const counted = await count(dense, modules, signal);
  if (counted === events) return { row: { ...at, method: 'count', status: 'complete', events } };
  const reason = counted === undefined ? 'no-proof' : 'count-differs';
  return { row: { ...at, method: 'page', status: 'saturated', reason, events } };
}

/** Whether what a reconciliation of a second named is all that the relay shows of it, kind by kind. */
async function stands(
  dense: DenseSecond,
  ids: ReadonlyMap<string, number>,
  modules: SettleModules,
  signal: AbortSignal,
): Promise<boolean> {
  const { second, shown } = dense;
  const counted = await count(dense, modules, signal);
  if (counted !== undefined) return counted === ids.size;
  const kinds = [...new Set(shown.flatMap(({ kind }) => (kind === undefined ? [] : [kind])))].slice(
    0,
    MAX_KINDS_CHECKED,
  );
  for (const kind of kinds) {
    const { limit } = modules.habits.now;
    const page = await modules.reader.read(() => ({ since: second, until: Math.max(1, second), kinds: [kind], limit }));
    if (!page.ok || !(await modules.ledger.commit(page.rest, []))) return false;
    if ([...page.positions.values()].some((p) => p.created_at === second && !ids.has(p.id))) return false;
  }
  return true;
}

/** How many events the relay says it has in a second; undefined when it does not say, or not exactly. */
async function count(
  { filter, second, idleMs }: DenseSecond,
  { line, habits }: SettleModules,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (habits.now.count === 'no') return undefined;
  const connected = await line.connection();
  if (!connected.ok) return undefined;
  const window = { since: second, until: Math.max(1, second) };
  const counted = await connected.relay.count({ ...filter, ...window }, { signal, timeoutMs: idleMs });
  if (counted.ok) {
    habits.learn({ count: 'yes' });
    return counted.approximate ? undefined : counted.count;
  }
  const mayPass =
    counted.reason === 'refused' && (counted.class === 'rate-limited' || counted.class === 'auth-required');
  if ((counted.reason === 'refused' && !mayPass) || counted.reason === 'timeout') habits.learn({ count: 'no' });
  return undefined;
}
