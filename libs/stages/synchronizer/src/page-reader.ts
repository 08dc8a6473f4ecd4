import { type Filter, type Now, unixNow } from '@bigbrotr/models';
import type { EoseHints } from '@bigbrotr/nips';

import type { CoverageLedger } from './coverage-ledger.js';
import { judgePage, type JudgedPage, type JudgeModules } from './judge-page.js';
import type { Position } from './page-walk.js';
import type { RelayLine, SliceEnd } from './relay-line.js';

export interface ReadPage {
  readonly ok: true;
  /** What the request asked for, each once. */
  readonly positions: ReadonlyMap<string, Position>;
  readonly strays: number;
  readonly hints: EoseHints;
  /** Not stored yet: goes down with the coverage that it justifies. */
  readonly rest: JudgedPage;
  /** Unix seconds at which the answer was asked for. */
  readonly asked: number;
}

export interface PageReaderModules extends JudgeModules {
  readonly now: Now;
  readonly line: RelayLine;
  readonly ledger: CoverageLedger;
}

/** Events held before they go down, for relays that know no limit. */
const CHUNK = 1_000;

/** Reads whole answers into the archive: events are judged and stored as they come, and the last chunk is handed back. */
export class PageReader {
  readonly #expiration: 'keep' | 'drop';
  readonly #modules: PageReaderModules;
  readonly #signal: AbortSignal;

  constructor(options: { readonly expiration: 'keep' | 'drop' }, modules: PageReaderModules, signal: AbortSignal) {
    this.#expiration = options.expiration;
    this.#modules = modules;
    this.#signal = signal;
  }

  /** @param onCut The answer was cut off after so many events; the filter is made anew for the next try. */
  async read(
    filterOf: () => Filter,
    onCut: (received: number) => void = () => undefined,
  ): Promise<ReadPage | { readonly ok: false; readonly end: SliceEnd }> {
    const { line, ledger, now } = this.#modules;
    let filter = filterOf();
    let chunk: unknown[] = [];
    let positions = new Map<string, Position>();
    let strays = 0;
    let asked = unixNow(now);

    const judge = async (): Promise<JudgedPage> => {
      const page = await judgePage(
        chunk,
        { filter, expiration: this.#expiration, at: unixNow(now) },
        this.#modules,
        this.#signal,
      );
      chunk = [];
      for (const position of page.positions) positions.set(position.id, position);
      strays += page.strays;
      return page;
    };
    const store = async (): Promise<SliceEnd | undefined> =>
      (await ledger.commit(await judge(), [])) ? undefined : { end: 'fenced' };

    const answer = await line.ask({
      filters: () => {
        filter = filterOf();
        positions = new Map();
        strays = 0;
        asked = unixNow(now);
        return [filter];
      },
      onEvents: async (events) => {
        for (const event of events) chunk.push(event);
        return chunk.length >= CHUNK ? store() : undefined;
      },
      onBroken: async (received) => {
        if (received > 0) onCut(received);
        return chunk.length > 0 ? store() : undefined;
      },
    });
    if (!answer.ok) return answer;
    return { ok: true, rest: await judge(), positions, strays, hints: answer.hints, asked };
  }
}
