import type { NostrEvent } from '@bigbrotr/models';
import type { Event, EventRepositoryUpsertResult, Filter } from '@nostr-relay/common';
// CommonJS whose names Node.js cannot see: all of it is the default export.
import library from '@nostr-relay/common';

import { EventIndex } from '../scripted-relay/event-index.js';
import { readFilter } from '../scripted-relay/filter-matching.js';

/** The library's storage, in memory. Keeps every version of everything, as archives do. */
export class MemoryEventRepository extends library.EventRepository {
  readonly #index = new EventIndex();
  readonly #maxLimit: number;

  /** @param maxLimit events per filter at most, whatever was asked */
  constructor(maxLimit: number) {
    super();
    this.#maxLimit = maxLimit;
  }

  load(events: readonly NostrEvent[]): void {
    this.#index.add(events);
  }

  all(): readonly NostrEvent[] {
    return this.#index.all();
  }

  override isSearchSupported(): boolean {
    return false;
  }

  override upsert(event: Event): EventRepositoryUpsertResult {
    return { isDuplicate: this.#index.add([event]).length === 0 };
  }

  override find(filter: Filter): Event[] {
    const matching = readFilter(filter);
    if (matching === undefined) return [];
    const { since = -Infinity, until = Infinity, limit = this.#maxLimit } = matching;
    return this.#index.select(matching, { since, until, limit: Math.min(limit, this.#maxLimit), from: 'newest' })
      .events;
  }

  override destroy(): Promise<void> {
    return Promise.resolve();
  }
}
