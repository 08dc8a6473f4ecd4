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

export interface LeaseModules {
  readonly pool: Pool;
  readonly log: Logger;
  /** How long a lease outlives its holder; it is renewed three times in that. Default 30 s. */
  readonly ttlMs?: number;
}

/**
 * Does `work` while one slot of every key is held, and gives them back whatever happens. Where one is taken the job
 * comes back later, at nobody's cost.
 */
export async function withLeases(
  keys: readonly LeaseKey[],
  { pool, log, ttlMs = 30_000 }: LeaseModules,
  signal: AbortSignal,
  work: (lease: HeldLease) => Promise<Outcome>,
): Promise<Outcome> {
  const holder = randomUUID();
  const startedAt = performance.now();
  const taken = await takeLeases(pool, keys, holder, ttlMs);
  // The kind of key, not the key: reasons become metric labels.
  if (!taken.ok)
    return { kind: 'later', delayMs: taken.waitMs, reason: `${taken.blockedBy.split(':', 1)[0] ?? 'lease'}-busy` };

  const lost = new AbortController();
  let validUntil = startedAt + ttlMs;
  const renewal = setInterval(() => {
    const askedAt = performance.now();
    // The database keeps quiet: another may have the lease by now.
    if (askedAt >= validUntil) lost.abort('lease-lost');
    renewLeases(pool, keys, holder, ttlMs).then(
      (held) => {
        if (held) validUntil = askedAt + ttlMs;
        else lost.abort('lease-lost');
      },
      (error: unknown) => log.warn({ err: error }, 'lease not renewed'),
    );
  }, ttlMs / 3);
  try {
    return await work({ holder, epoch: taken.epoch, signal: AbortSignal.any([signal, lost.signal]) });
  } finally {
    clearInterval(renewal);
    // It runs out by itself: no reason to lose what the work says.
    await releaseLeases(pool, keys, holder).catch((error: unknown) => log.warn({ err: error }, 'lease not released'));
  }
}
