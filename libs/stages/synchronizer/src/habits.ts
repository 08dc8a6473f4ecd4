import { readServiceData, writeServiceData, type Queryable } from '@bigbrotr/core';
import { z } from 'zod';

const StoredHabits = z.object({
  limit: z.int().positive(),
  cap: z.int().nonnegative(),
  steady: z.enum(['unknown', 'yes', 'no']),
  negentropy: z.enum(['unknown', 'yes', 'no']),
  count: z.enum(['unknown', 'yes', 'no']),
  /** Shortens the age at which proofs are renewed. */
  rescanFactor: z.number().positive().max(1),
  /** Unix seconds at which this was last learned from nothing. */
  learnedAt: z.int(),
});

/** What a relay showed of itself: how it pages, and which verbs it answers. Believed until it expires. */
export type StoredHabits = Readonly<z.output<typeof StoredHabits>>;

export function newHabits(pageLimit: number, at: number): StoredHabits {
  return {
    limit: pageLimit,
    cap: 0,
    steady: 'unknown',
    negentropy: 'unknown',
    count: 'unknown',
    rescanFactor: 1,
    learnedAt: at,
  };
}

/** Nothing when it is too old, or was written by other code. */
export async function readHabits(db: Queryable, relayId: number, notBefore: number): Promise<StoredHabits | undefined> {
  const stored = StoredHabits.safeParse(await readServiceData(db, 'synchronizer', 'state', `habits:${relayId}`));
  return stored.success && stored.data.learnedAt >= notBefore ? stored.data : undefined;
}

export async function writeHabits(db: Queryable, relayId: number, habits: StoredHabits, at: number): Promise<void> {
  await writeServiceData(db, 'synchronizer', 'state', `habits:${relayId}`, habits, at);
}

/** What is known of a relay in the course of a slice. */
export class Habits {
  #now: StoredHabits;

  constructor(habits: StoredHabits) {
    this.#now = habits;
  }

  /** The same object until something new is learned. */
  get now(): StoredHabits {
    return this.#now;
  }

  learn(found: Partial<StoredHabits>): void {
    const next = { ...this.#now, ...found };
    const fields = Object.keys(found) as (keyof StoredHabits)[];
    if (fields.some((field) => next[field] !== this.#now[field])) this.#now = next;
  }
}
