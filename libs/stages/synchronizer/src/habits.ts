import { readServiceData, writeServiceData, type Queryable } from '@bigbrotr/core';
import { z } from 'zod';

import type { PageHabits } from './page-walk.js';

const bit = z.literal([0, 1]);

const StoredHabits = z.object({
  limit: z.int().positive(),
  cap: z.int().nonnegative(),
  untilShift: bit,
  sinceShift: bit,
  order: z.enum(['unknown', 'newest', 'oldest']),
  /** Unix seconds at which this was last learned from nothing. */
  learnedAt: z.int(),
});
export type StoredHabits = z.output<typeof StoredHabits>;

export function newHabits(pageLimit: number, at: number): StoredHabits {
  return { limit: pageLimit, cap: 0, untilShift: 0, sinceShift: 0, order: 'unknown', learnedAt: at };
}

/** What a relay showed in earlier slices; nothing when that is too old, or was written by other code. */
export async function readHabits(db: Queryable, relayId: number, notBefore: number): Promise<StoredHabits | undefined> {
  const stored = StoredHabits.safeParse(await readServiceData(db, 'synchronizer', 'state', `habits:${relayId}`));
  return stored.success && stored.data.learnedAt >= notBefore ? stored.data : undefined;
}

export async function writeHabits(db: Queryable, relayId: number, habits: StoredHabits, at: number): Promise<void> {
  await writeServiceData(db, 'synchronizer', 'state', `habits:${relayId}`, habits, at);
}

export function sameHabits(a: PageHabits, b: PageHabits): boolean {
  return a.limit === b.limit && a.cap === b.cap && a.untilShift === b.untilShift && a.sinceShift === b.sinceShift && a.order === b.order;
}
