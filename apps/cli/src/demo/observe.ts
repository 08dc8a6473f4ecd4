import { setTimeout as sleep } from 'node:timers/promises';

import { createPool, type Pool } from '@bigbrotr/core';
import type { SimNetwork } from '@bigbrotr/testing';

import { compare, type Comparison } from './compare.js';
import type { ProgressView } from './progress-view.js';
import { isSettled, readArchive, readProgress } from './read-archive.js';
import type { UpProcess } from './up-process.js';

export interface Observation {
  readonly comparison: Comparison;
  /** False: there was still work to do when the time was up. */
  readonly settled: boolean;
  /** From the moment when the pipeline was ready to the one when nothing was left to do. */
  readonly seconds: number;
  readonly queueBackend: string;
  /** Undefined where the system does not tell. */
  readonly peakMemoryBytes: number | undefined;
}

export interface ArchiveAccess {
  readonly pool: Pool;
  /** The comparison as it would come out now. */
  check(): Promise<Comparison>;
}

export interface ObserveOptions {
  readonly beforeCompare: ((archive: ArchiveAccess) => Promise<void>) | undefined;
}

export interface ObserveModules {
  readonly network: SimNetwork;
  readonly up: UpProcess;
  readonly view: ProgressView | undefined;
}

/** Longer than any run that is well, on a slow and busy machine. */
const SETTLE_MS = 240_000;
const POLL_MS = 500;

/**
 * Waits until the pipeline has nothing left to do by its own account, then compares its archive with the stores of the
 * relays. What the relays hold plays no part in the waiting: a pipeline that stops too early is found out.
 */
export async function observe(
  { beforeCompare }: ObserveOptions,
  { network, up, view }: ObserveModules,
  signal: AbortSignal,
): Promise<Observation> {
  const pool = createPool(
    {
      url: up.run.databaseUrl,
      max: 2,
      connectTimeoutMs: 10_000,
      statementTimeoutMs: 60_000,
      idleTimeoutMs: 10_000,
      applicationName: 'bigbrotr-demo',
    },
    () => undefined, // a lost server fails the query at hand
  );
  const check = async (): Promise<Comparison> => compare(network.truth(), await readArchive(pool));
  try {
    const startedAt = performance.now();
    const seconds = (): number => (performance.now() - startedAt) / 1000;
    const show = async (): Promise<void> =>
      view?.show({ truth: network.truth(), progress: await readProgress(pool), seconds: seconds() });

    const settled = await Promise.race([up.lost, untilSettled(pool, show, signal)]);
    const took = seconds();
    await beforeCompare?.({ pool, check });
    return {
      comparison: await check(),
      settled,
      seconds: took,
      queueBackend: up.run.queueBackend,
      peakMemoryBytes: await up.peakMemoryBytes(),
    };
  } finally {
    await pool.end();
  }
}

async function untilSettled(pool: Pool, show: () => Promise<void>, signal: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const settled = await isSettled(pool);
    await show();
    if (settled || performance.now() > deadline) return settled;
    await sleep(POLL_MS, undefined, { signal });
  }
}
