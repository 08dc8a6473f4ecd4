import type { NostrEvent } from '@bigbrotr/models';

import type { FilterMatching } from './filter-matching.js';

export interface Selection {
  readonly events: NostrEvent[];
  /** There were more matches than asked for. */
  readonly more: boolean;
}

export interface SelectOptions {
  /** Inclusive. */
  readonly since: number;
  readonly until: number;
  readonly limit: number;
  readonly from: 'newest' | 'oldest';
}

/** What a relay holds, in the order in which NIP-01 serves it: newest first, ties by id. */
export class EventIndex {
  readonly #byId = new Map<string, NostrEvent>();
  #served: NostrEvent[] = [];

  /** Returns those that it did not hold yet. */
  add(events: readonly NostrEvent[]): NostrEvent[] {
    const fresh: NostrEvent[] = [];
    for (const event of events) {
      if (this.#byId.has(event.id)) continue;
      this.#byId.set(event.id, event);
      fresh.push(event);
    }
    this.#served = this.#served.concat(fresh).sort(inServingOrder);
    return fresh;
  }

  all(): readonly NostrEvent[] {
    return this.#served;
  }

  select(filter: FilterMatching, { since, until, limit, from }: SelectOptions): Selection {
    const pool = filter.ids === undefined ? this.#between(since, until) : this.#named(filter.ids, since, until);
    const events: NostrEvent[] = [];
    for (const event of from === 'newest' ? pool : pool.reverse()) {
      if (!filter.matches(event)) continue;
      if (events.length >= limit) return { events, more: true };
      events.push(event);
    }
    return { events, more: false };
  }

  #named(ids: ReadonlySet<string>, since: number, until: number): NostrEvent[] {
    return [...ids]
      .map((id) => this.#byId.get(id))
      .filter((event) => event !== undefined)
      .filter(({ created_at }) => created_at >= since && created_at <= until)
      .sort(inServingOrder);
  }

  #between(since: number, until: number): NostrEvent[] {
    const first = this.#position((event) => event.created_at <= until);
    const end = this.#position((event) => event.created_at < since);
    return this.#served.slice(first, end);
  }

  /** The first position whose event passes a test that all older ones pass too. */
  #position(passes: (event: NostrEvent) => boolean): number {
    let low = 0;
    let high = this.#served.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (passes(this.#served[middle]!)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

function inServingOrder(a: NostrEvent, b: NostrEvent): number {
  return b.created_at - a.created_at || (a.id < b.id ? -1 : 1);
}
