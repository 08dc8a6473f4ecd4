import { byteaArray } from '../db/arrays.js';
import type { Queryable } from '../db/pool.js';

/**
 * Sequence numbers of events known to be committed, by id. A bounded memory in two generations: when the young one is
 * full it becomes the old one, and what was not asked for since is forgotten.
 */
export class KnownEvents {
  readonly #capacity: number;
  #young = new Map<string, number>();
  #old = new Map<string, number>();

  /** @param capacity Ids per generation; about 200 bytes each. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(id: string): number | undefined {
    const young = this.#young.get(id);
    if (young !== undefined) return young;
    const old = this.#old.get(id);
    if (old !== undefined) this.add(id, old);
    return old;
  }

  /** Only ids that are committed may enter: a wrong entry would hide an event for good. */
  add(id: string, seq: number): void {
    this.#young.set(id, seq);
    if (this.#young.size < this.#capacity) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  /** Which of `ids` are stored: from memory, then by one batched look-up. */
  async find(db: Queryable, ids: readonly string[]): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    const unsure: string[] = [];
    for (const id of ids) {
      const seq = this.get(id);
      if (seq === undefined) unsure.push(id);
      else found.set(id, seq);
    }
    if (unsure.length > 0) {
      const { rows } = await db.query<{ id: string; seq: number }>(
        "SELECT encode(id, 'hex') AS id, seq FROM events WHERE id = ANY ($1::bytea[])",
        [byteaArray(unsure)],
      );
      for (const { id, seq } of rows) {
        found.set(id, seq);
        this.add(id, seq);
      }
    }
    return found;
  }
}
