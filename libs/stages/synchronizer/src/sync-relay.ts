import {
  readCoverage,
  type EventMetrics,
  type EventWriter,
  type Fence,
  type Logger,
  type Queryable,
  type Relay,
} from '@bigbrotr/core';
import {
  filterKey,
  uncovered,
  unixNow,
  type CoverageRow,
  type Dial,
  type Filter,
  type Interval,
  type Now,
} from '@bigbrotr/models';
import type { Sign } from '@bigbrotr/nips';

import { CoverageLedger } from './coverage-ledger.js';
import { Habits, newHabits, readHabits, writeHabits } from './habits.js';
import type { JudgeModules } from './judge-page.js';
import { PageReader, type ReadPage } from './page-reader.js';
import { OPEN, PageWalk, type Position, type WalkStep } from './page-walk.js';
import { reconcileWindow, type WindowResult } from './reconcile-window.js';
import { splitWindow } from './split-window.js';
import { dueForRescan, nextFactor, type RescanOptions } from './rescan.js';
import { RelayLine, type SliceEnd } from './relay-line.js';
import { settleSecond } from './settle-second.js';

export interface SliceOptions {
  readonly filter: Filter;
  readonly pageLimit: number;
  readonly headOverlapMs: number;
  readonly habitsExpireMs: number;
  readonly saturatedRetryMs: number;
  /** No request is begun after this, Unix milliseconds. */
  readonly deadlineAt: number;
  /** Longest silence within an answer. */
  readonly idleMs: number;
  /** First wait before a failed question is asked again. */
  readonly retryMs: number;
  readonly allowInsecure: boolean;
  readonly expiration: 'keep' | 'drop';
  /** Absent: what is proven is left alone. */
  readonly rescan?: RescanOptions;
}

export interface SliceModules extends JudgeModules {
  readonly dial: Dial;
  readonly db: Queryable;
  readonly writer: EventWriter;
  readonly sign: Sign;
  readonly now: Now;
  readonly metrics: EventMetrics;
  readonly log: Logger;
}

/** `complete`: everything up to the head is proven, or known to be unprovable. */
export type SliceResult = SliceEnd | { readonly end: 'complete' };

/** One slice of one relay's history, under a lease: newest unproven stretch first. */
export async function syncRelay(
  relay: Relay,
  fence: Fence,
  options: SliceOptions,
  modules: SliceModules,
  signal: AbortSignal,
): Promise<SliceResult> {
  const at = unixNow(modules.now);
  const key = filterKey(options.filter);
  const rows = await readCoverage(modules.db, relay.id, key);
  // What is proven of everything is proven of any part.
  const wider = key === EVERYTHING ? [] : await readCoverage(modules.db, relay.id, EVERYTHING);
  const before = await readHabits(modules.db, relay.id, at - options.habitsExpireMs / 1000);
  const habits = new Habits(before ?? newHabits(options.pageLimit, at));
  const line = new RelayLine({ ...options, url: relay.url }, modules, signal);
  const headOverlap = Math.ceil(options.headOverlapMs / 1000);
  const ledger = new CoverageLedger({ relayId: relay.id, filterKey: key, fence, headOverlap }, modules, rows);
  const slice = new Slice({ ...options, relayId: relay.id }, { ...modules, line, ledger }, signal, wider, habits);
  try {
    return await slice.run();
  } catch (error) {
    if (signal.aborted) return { end: 'budget' };
    throw error;
  } finally {
    await line.close();
    if (habits.now !== before) await writeHabits(modules.db, relay.id, habits.now, unixNow(modules.now));
  }
}

const EVERYTHING = filterKey({});
const SPOT_CHECK = 20;

interface OpenSlice extends SliceModules {
  readonly line: RelayLine;
  readonly ledger: CoverageLedger;
}

class Slice {
  readonly #habits: Habits;
  readonly #options: SliceOptions & { readonly relayId: number };
  readonly #modules: OpenSlice;
  readonly #signal: AbortSignal;
  readonly #reader: PageReader;
  readonly #isEverything: boolean;
  readonly #startedAt: number;
  readonly #range: Interval;
  /** The configured filter without its window. */
  readonly #filter: Filter;
  readonly #wider: readonly CoverageRow[];

  constructor(
    options: SliceOptions & { readonly relayId: number },
    modules: OpenSlice,
    signal: AbortSignal,
    wider: readonly CoverageRow[],
    habits: Habits,
  ) {
    this.#habits = habits;
    this.#options = options;
    this.#modules = modules;
    this.#signal = signal;
    this.#startedAt = modules.now();
    this.#isEverything = filterKey(options.filter) === EVERYTHING;
    this.#reader = new PageReader(options, modules, signal);
    this.#wider = wider;
    this.#range = { since: options.filter.since ?? 0, until: options.filter.until ?? OPEN };
    this.#filter = withoutWindow(options.filter);
  }

  async run(): Promise<SliceResult> {
    // Gaps are listed once: what fails now is for the next slice, or this one might never end.
    for (const gap of this.#gaps()) {
      const end = await this.#close(gap);
      if (end) return end;
    }
    return (await this.#rescan()) ?? { end: 'complete' };
  }

  /** Proves anew what was proven long ago, once nothing else is left to do. */
  async #rescan(): Promise<SliceEnd | undefined> {
    if (!this.#options.rescan) return undefined;
    const { ledger } = this.#modules;
    for (const window of dueForRescan(ledger.rows, this.#options.rescan, this.#habits.now.rescanFactor, this.#unix())) {
      const before = ledger.found;
      const end = await this.#close(window);
      if (end) return end;
      this.#habits.learn({ rescanFactor: nextFactor(this.#habits.now.rescanFactor, ledger.found - before) });
    }
    return undefined;
  }

  /** By reconciliation where the relay knows how; the rest, and what that cannot prove, by pages. */
  async #close(gap: Interval): Promise<SliceEnd | undefined> {
    const windows = [gap];
    for (let window = windows.pop(); window; window = windows.pop()) {
      const result = await this.#reconcile(window);
      if (result.end === 'over') return this.#giveUp(window, result.why);
      const parts = result.end === 'too-wide' ? splitWindow(window, this.#unix()) : undefined;
      if (parts) {
        windows.push(...parts);
        continue;
      }
      const end = result.end === 'complete' ? await this.#afterReconciled(window, result) : await this.#walk(window);
      if (end) return end;
    }
    return undefined;
  }

  async #reconcile(window: Interval): Promise<WindowResult> {
    // A local set for a part of everything would have to be told apart by kind and author.
    if (this.#habits.now.negentropy === 'no' || !this.#isEverything) return { end: 'unsupported' };
    const { relayId, pageLimit, idleMs, deadlineAt } = this.#options;
    const { cap } = this.#habits.now;
    const options = {
      relayId,
      batchSize: Math.min(pageLimit, cap > 0 ? cap : pageLimit),
      idleMs,
      hardMs: Math.max(1, deadlineAt - this.#modules.now()),
    };
    const result = await reconcileWindow(window, options, { ...this.#modules, reader: this.#reader }, this.#signal);
    if (result.end === 'unsupported') this.#habits.learn({ negentropy: 'no' });
    if (result.end === 'complete' && this.#habits.now.negentropy === 'unknown')
      this.#habits.learn({ negentropy: 'yes' });
    return result;
  }

  /** Above the oldest id that came up everything is proven; below it pages have the last word. */
  async #afterReconciled(
    window: Interval,
    { ids, asked }: WindowResult & { end: 'complete' },
  ): Promise<SliceEnd | undefined> {
    const times = [...ids.values()].sort((a, b) => a - b);
    const reach = times[0];
    if (reach === undefined || reach >= window.until) return this.#walk(window);
    const spot = await this.#reader.read(() => ({
      until: Math.max(1, times[times.length >> 1] ?? reach),
      limit: SPOT_CHECK,
    }));
    if (!spot.ok) return this.#giveUp(window, spot.end);
    if (!(await this.#modules.ledger.commit(spot.rest, []))) return { end: 'fenced' };
    const untold = [...spot.positions.values()].filter(
      (p) => p.created_at > reach && p.created_at <= window.until && !ids.has(p.id),
    );
    // One may just have come in; more means that the relay did not compare what it serves.
    if (untold.length > 1) {
      this.#habits.learn({ negentropy: 'no' });
      return this.#walk(window);
    }
    const events = times.filter((t) => t > reach).length;
    const row: CoverageRow = {
      since: reach + 1,
      until: window.until,
      method: 'negentropy',
      status: 'complete',
      events,
      verifiedAt: asked,
    };
    if (!(await this.#modules.ledger.commit(undefined, [row]))) return { end: 'fenced' };
    return this.#walk({ since: window.since, until: reach }, ids);
  }

  /** What is neither proven nor, for the time being, given up as unprovable. */
  #gaps(): Interval[] {
    const notBefore = this.#unix() - this.#options.saturatedRetryMs / 1000;
    const settled = [...this.#modules.ledger.rows, ...this.#wider]
      .filter((row) => row.status === 'complete' || (row.status !== 'partial' && row.verifiedAt >= notBefore))
      .map((row): CoverageRow => ({ ...row, status: 'complete' }));
    return uncovered(settled, this.#range);
  }

  /** @param told What a reconciliation named: when there turns out to be more, it was not all. */
  async #walk(gap: Interval, told?: ReadonlyMap<string, number>): Promise<SliceEnd | undefined> {
    const walk = new PageWalk(gap, this.#habits.now, this.#unix() - this.#options.headOverlapMs / 1000);
    for (;;) {
      const page = await this.#reader.read(
        () => ({ ...this.#filter, ...walk.next() }),
        (received) => walk.shrink(received),
      );
      this.#learn(walk);
      if (!page.ok) return this.#giveUp(walk.rest, page.end);
      if (told && [...page.positions.values()].some((p) => p.created_at < gap.until && !told.has(p.id))) {
        this.#habits.learn({ negentropy: 'no' });
      }
      const { finish, more } = page.hints;
      const step = walk.absorb({ events: [...page.positions.values()], strays: page.strays, finish, more });
      this.#learn(walk);
      if (!(await this.#modules.ledger.commit(page.rest, rowsOf(step, walk.rest, page)))) return { end: 'fenced' };
      for (const second of step.dense) {
        const end = await this.#settle(second, [...page.positions.values()]);
        if (end) return end;
      }
      if (step.end !== undefined) return undefined;
    }
  }

  /** A second that holds more than a page is proven by other means, or is on record. */
  async #settle(second: number, shown: readonly Position[]): Promise<SliceEnd | undefined> {
    const at = { since: second, until: second };
    const begunAt = this.#modules.now();
    const settled = await settleSecond(
      { filter: this.#filter, second, shown, idleMs: this.#options.idleMs },
      { ...this.#modules, reader: this.#reader, habits: this.#habits, reconcile: () => this.#reconcile(at) },
      this.#signal,
    );
    if (!settled.end)
      return (await this.#modules.ledger.commit(undefined, [settled.row])) ? undefined : { end: 'fenced' };
    // A second for which half a slice is not enough would be begun anew by each slice to come.
    if (settled.end.end !== 'budget' || this.#share(begunAt) < 0.5) return this.#giveUp(at, settled.end);
    const row: CoverageRow = {
      ...at,
      method: 'page',
      status: 'saturated',
      reason: 'out-of-time',
      events: shown.length,
      verifiedAt: this.#unix(),
    };
    return (await this.#modules.ledger.commit(undefined, [row])) ? settled.end : { end: 'fenced' };
  }

  /** What a failure leaves open is on record, with the reason. */
  async #giveUp(left: Interval, end: SliceEnd): Promise<SliceEnd> {
    if (end.end === 'unreachable' || end.end === 'budget' || end.end === 'fenced') return end;
    const reason = 'reason' in end ? end.reason : end.end;
    const rest: CoverageRow = {
      since: left.since,
      until: left.until,
      method: 'page',
      status: 'partial',
      reason,
      events: 0,
      verifiedAt: this.#unix(),
    };
    return (await this.#modules.ledger.commit(undefined, [rest])) ? end : { end: 'fenced' };
  }

  #learn({ habits: { limit, cap, steady } }: PageWalk): void {
    this.#habits.learn({ limit, cap, steady });
  }

  /** The share of the slice that went by since then. */
  #share(begunAt: number): number {
    return (this.#modules.now() - begunAt) / Math.max(1, this.#options.deadlineAt - this.#startedAt);
  }

  #unix(): number {
    return unixNow(this.#modules.now);
  }
}

function withoutWindow(filter: Filter): Filter {
  return Object.fromEntries(
    Object.entries(filter).filter(([field]) => field !== 'since' && field !== 'until' && field !== 'limit'),
  );
}

/** What an answer has shown, for the record. */
function rowsOf(step: WalkStep, rest: Interval, page: ReadPage): CoverageRow[] {
  const base = { method: 'page', verifiedAt: page.asked } as const;
  const rows: CoverageRow[] = step.proven.map((proven) => ({ ...base, ...proven, status: 'complete' }));
  if (step.end !== undefined && step.end !== 'done') {
    rows.push({ ...base, ...rest, status: 'unpageable', reason: step.end, events: page.positions.size });
  }
  return rows;
}
