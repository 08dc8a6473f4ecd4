import { randomUUID } from 'node:crypto';

import type { Pool } from '../db/pool.js';
import type { Logger } from '../logging/logger.js';
import type { Outcome } from '../queue/outcome.js';
import { releaseLeases, renewLeases, takeLeases, type LeaseKey } from './leases.js';

export interface HeldLease {
  readonly holder: string;
  /** Of the first key. */
  readonly epoch: number;
  /** The caller's signal, and the loss of the lease. */
  readonly signal: AbortSignal;
}

const TTL_MS = 30_000;
const RENEW_MS = 10_000;

/**
 * Does `work` while one slot of every key is held, and gives them back whatever happens. Where one is taken the job
 * comes back later, at nobody's cost.
 */
export async function withLeases(
  keys: readonly LeaseKey[],
  { pool, log }: { readonly pool: Pool; readonly log: Logger },
  signal: AbortSignal,
  work: (lease: HeldLease) => Promise<Outcome>,
): Promise<Outcome> {
  const holder = randomUUID();
  const taken = await takeLeases(pool, keys, holder, TTL_MS);
  // The kind of key, not the key: reasons become metric labels.
  if (!taken.ok)
    return { kind: 'later', delayMs: taken.waitMs, reason: `${taken.blockedBy.split(':', 1)[0] ?? 'lease'}-busy` };

  const lost = new AbortController();
  const renewal = setInterval(() => {
    renewLeases(pool, keys, holder, TTL_MS).then(
      (held) => held || lost.abort('lease-lost'),
      (error: unknown) => log.warn({ err: error }, 'lease not renewed'),
    );
  }, RENEW_MS);
  try {
    return await work({ holder, epoch: taken.epoch, signal: AbortSignal.any([signal, lost.signal]) });
  } finally {
    clearInterval(renewal);
    await releaseLeases(pool, keys, holder);
  }
}
