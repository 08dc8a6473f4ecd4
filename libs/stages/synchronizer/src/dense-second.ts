import type { Filter } from '@bigbrotr/models';

import type { CoverageLedger } from './coverage-ledger.js';
import type { PageReader } from './page-reader.js';
import { LEAST_CAP, type Position } from './page-walk.js';
import type { SliceEnd } from './relay-line.js';

export interface SplitOptions {
  /** The configured filter, without its window. */
  readonly filter: Filter;
  readonly second: number;
  readonly limit: number;
  /** The largest page that the relay ever gave. */
  readonly cap: number;
}

export interface SplitModules {
  readonly reader: PageReader;
  readonly ledger: CoverageLedger;
}

export interface Split {
  /** Everything of the second that came. */
  readonly positions: ReadonlyMap<string, Position>;
  /** No part of it was cut off. It is still no proof: a kind or an author that never showed cannot be asked for. */
  readonly whole: boolean;
  readonly end?: SliceEnd;
}

/** Kinds that relays hold most of; asked for although the second has not shown them. */
const COMMON_KINDS = [0, 1, 3, 4, 5, 6, 7, 16, 1059, 1063, 1111, 1984, 9734, 9735, 10002, 30000, 30023, 30078];
const AUTHORS_AT_ONCE = 20;
const MAX_REQUESTS = 200;

/**
 * Gets out of a second what a relay gives when it never gives all of it at once: by kind, then by author, halving the
 * groups that come back full, until no new kind or author shows up.
 */
export async function splitSecond(options: SplitOptions, modules: SplitModules): Promise<Split> {
  const digger = new Digger(options, modules);
  const end = await digger.run();
  return { positions: digger.positions, whole: digger.whole, ...(end && { end }) };
}

class Digger {
  readonly positions = new Map<string, Position>();
  whole = true;
  readonly #options: SplitOptions;
  readonly #modules: SplitModules;
  #requests = 0;
  /** 1 for relays that leave out the seconds that bounds name. */
  #widen: 0 | 1 = 0;

  constructor(options: SplitOptions, modules: SplitModules) {
    this.#options = options;
    this.#modules = modules;
  }

  async run(): Promise<SliceEnd | undefined> {
    for (this.#widen of [0, 1] as const) {
      const all = await this.#ask({});
      if ('end' in all) return all;
      if (this.positions.size > 0) break;
    }
    const asked = new Set<number>();
    for (;;) {
      const kinds = this.#kinds().filter((kind) => !asked.has(kind));
      if (kinds.length === 0) return undefined;
      for (const kind of kinds) asked.add(kind);
      const end = await this.#byKinds(kinds);
      if (end) return end;
    }
  }

  async #byKinds(kinds: readonly number[]): Promise<SliceEnd | undefined> {
    const page = await this.#ask({ kinds });
    if ('end' in page) return page;
    if (!page.isFull) return undefined;
    const [only] = kinds;
    if (kinds.length > 1) return this.#halves(kinds, (part) => this.#byKinds(part));
    return only === undefined ? undefined : this.#authorsOf(only);
  }

  async #authorsOf(kind: number): Promise<SliceEnd | undefined> {
    const asked = new Set<string>();
    for (;;) {
      const authors = this.#authors().filter((author) => !asked.has(author));
      if (authors.length === 0) return undefined;
      for (const author of authors) asked.add(author);
      for (let at = 0; at < authors.length; at += AUTHORS_AT_ONCE) {
        const end = await this.#byAuthors(kind, authors.slice(at, at + AUTHORS_AT_ONCE));
        if (end) return end;
      }
    }
  }

  async #byAuthors(kind: number, authors: readonly string[]): Promise<SliceEnd | undefined> {
    const page = await this.#ask({ kinds: [kind], authors });
    if ('end' in page) return page;
    if (!page.isFull) return undefined;
    if (authors.length > 1) return this.#halves(authors, (part) => this.#byAuthors(kind, part));
    this.whole = false;
    return undefined;
  }

  async #halves<T>(
    values: readonly T[],
    dig: (part: readonly T[]) => Promise<SliceEnd | undefined>,
  ): Promise<SliceEnd | undefined> {
    const middle = values.length >> 1;
    return (await dig(values.slice(0, middle))) ?? dig(values.slice(middle));
  }

  async #ask(part: Filter): Promise<{ readonly isFull: boolean } | SliceEnd> {
    if (++this.#requests > MAX_REQUESTS) {
      this.whole = false;
      return { isFull: false };
    }
    const { filter, second, limit, cap } = this.#options;
    const bounds = { since: Math.max(0, second - this.#widen), until: Math.max(1, second + this.#widen) };
    const page = await this.#modules.reader.read(() => ({ ...filter, ...part, ...bounds, limit }));
    if (!page.ok) return page.end;
    if (!(await this.#modules.ledger.commit(page.rest, []))) return { end: 'fenced' };
    for (const [id, position] of page.positions) if (position.created_at === second) this.positions.set(id, position);
    return {
      isFull:
        page.hints.more ||
        (!page.hints.finish && page.positions.size >= 0.8 * Math.min(limit, Math.max(cap, LEAST_CAP))),
    };
  }

  #kinds(): number[] {
    const seen = [...this.positions.values()].flatMap(({ kind }) => (kind === undefined ? [] : [kind]));
    const wanted = this.#options.filter.kinds;
    const kinds = [...new Set([...seen, ...COMMON_KINDS])];
    return wanted ? kinds.filter((kind) => wanted.includes(kind)) : kinds;
  }

  #authors(): string[] {
    const seen = [...this.positions.values()].flatMap(({ pubkey }) => (pubkey === undefined ? [] : [pubkey]));
    return [...new Set(seen)];
  }
}
