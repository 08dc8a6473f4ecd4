import { z } from 'zod';

import type { Queryable } from '../db/pool.js';
import { readServiceData, writeServiceData } from './service-data.js';

const StoredProbes = z.object({
  /** Unix seconds at which support was last tried. */
  probedAt: z.int(),
  /** By NIP number: whether it was found to work. What could not be told is absent. */
  support: z.record(z.string(), z.boolean()),
  /** created_at of the oldest event that the relay served. */
  oldestAt: z.int().optional(),
  /** The last attempt to write. */
  write: z
    .object({
      /** Unix seconds. */
      at: z.int(),
      /** `accepted`: it said OK, but did not give the event back. */
      result: z.enum(['confirmed', 'accepted', 'refused', 'failed']),
      ms: z.number().optional(),
      reason: z.string().optional(),
    })
    .optional(),
});

/** What a relay can do, as the monitor tried it, whatever its document claims. */
export type RelayProbes = Readonly<z.output<typeof StoredProbes>>;

/** Undefined when nothing was tried yet, or was written by other code. */
export async function readRelayProbes(db: Queryable, relayId: number): Promise<RelayProbes | undefined> {
  return StoredProbes.safeParse(await readServiceData(db, 'monitor', 'state', `probes:${relayId}`)).data;
}

export async function writeRelayProbes(db: Queryable, relayId: number, probes: RelayProbes, at: number): Promise<void> {
  await writeServiceData(db, 'monitor', 'state', `probes:${relayId}`, probes, at);
}
