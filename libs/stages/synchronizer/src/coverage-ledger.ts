import type { CoverageCommit, EventMetrics, EventWriter, Fence } from '@bigbrotr/core';
import { cover, coverageChange, type CoverageRow, unixNow, type Now } from '@bigbrotr/models';

import { tallyCommitted, type JudgedPage } from './judge-page.js';

export interface LedgerOptions {
  readonly relayId: number;
  readonly filterKey: string;
  readonly fence: Fence;
  /** The newest stretch, which is never proven: relays take in late. Seconds. */
  readonly headOverlap: number;
}

export interface LedgerModules {
  readonly writer: EventWriter;
  readonly metrics: EventMetrics;
  readonly now: Now;
}

/** What is proven of one relay, kept in step with the archive: events and the progress they justify go down together. */
export class CoverageLedger {
  readonly #options: LedgerOptions;
  readonly #modules: LedgerModules;
  #rows: CoverageRow[];
  #found = 0;

  constructor(options: LedgerOptions, modules: LedgerModules, rows: readonly CoverageRow[]) {
    this.#options = options;
    this.#modules = modules;
    this.#rows = [...rows];
  }

  get rows(): readonly CoverageRow[] {
    return this.#rows;
  }

  /** Events that this relay was not known to hold, up to now. */
  get found(): number {
    return this.#found;
  }

  /** @returns false when the lease is lost: the events stand, the progress does not. */
  async commit(page: JudgedPage | undefined, found: readonly CoverageRow[]): Promise<boolean> {
    const { relayId, filterKey, fence, headOverlap } = this.#options;
    const after = found.reduce((rows, row) => {
      const until = Math.min(row.until, row.verifiedAt - headOverlap);
      return until < row.since ? rows : cover(rows, { ...row, until });
    }, this.#rows);
    const change = coverageChange(this.#rows, after);
    const moves = change.deleted.length > 0 || change.inserted.length > 0;
    if (!page && !moves) return true;
    const coverage: CoverageCommit = { filterKey, ...change, fence };
    const committed = await this.#modules.writer.commit({
      relayId,
      seenAt: unixNow(this.#modules.now),
      fresh: page?.fresh ?? [],
      known: page?.known ?? [],
      declined: page?.declined ?? [],
      mentions: page?.mentions ?? [],
      ...(moves && { coverage }),
    });
    if (page) for (const [verdict, n] of tallyCommitted(page, committed)) this.#modules.metrics.count(verdict, n);
    if (page) this.#found += committed.paired;
    if (!committed.fenced) this.#rows = after;
    return !committed.fenced;
  }
}
