import {
  claimCandidates,
  claimPeriodicTasks,
  claimRelayTasks,
  findJob,
  HIGH_WATER,
  maintainJob,
  monitorJob,
  pendingJobRequests,
  PUBLICATIONS,
  publishJob,
  queueName,
  releaseCandidateClaims,
  releasePeriodicClaims,
  releaseRelayClaims,
  routeRequest,
  seedJob,
  syncJob,
  validateJob,
  type Bus,
  type Contract,
  type PayloadInput,
  type Pool,
  type StageName,
  type Versioned,
} from '@bigbrotr/core';
import { unixNow, type Network, type Now } from '@bigbrotr/models';

export interface DispatchOptions {
  readonly networks: readonly Network[];
  readonly local: boolean;
  readonly visibilityMs: number;
}

export interface DispatchModules {
  readonly pool: Pool;
  readonly bus: Bus;
  readonly now: Now;
}

const REQUESTS_PER_TICK = 100;
const PERIODIC_PER_TICK = 50;

/** The two stages whose schedule is a relay's. */
const RELAY_JOBS = [monitorJob, syncJob] as const;

/** One tick: what people asked for first, then what is due, up to the mark of each queue. Returns the number of jobs added. */
export async function dispatch(
  options: DispatchOptions,
  modules: DispatchModules,
  signal: AbortSignal,
): Promise<number> {
  const { networks } = options;
  const queues = networks.flatMap((network) =>
    [validateJob, ...RELAY_JOBS].map((contract) => queueName(contract, network)),
  );
  // First of all, because it fails while the backend is away: then nothing is claimed in vain.
  const counts = await modules.bus.counts(queues);
  let added = await dispatchRequests(options, modules);
  added += await dispatchPeriodic(options, modules);
  const room = (queue: string) => HIGH_WATER - (counts.get(queue)?.depth ?? HIGH_WATER);

  for (const network of networks) {
    if (signal.aborted) break;
    const free = room(queueName(validateJob, network));
    if (free > 0) added += await dispatchCandidates(network, free, options, modules);
    for (const contract of RELAY_JOBS) {
      const limit = room(queueName(contract, network));
      if (limit > 0) added += await dispatchRelays(contract, network, limit, options, modules);
    }
  }
  return added;
}

async function dispatchRequests(
  { networks, local }: DispatchOptions,
  { pool, bus, now }: DispatchModules,
): Promise<number> {
  const requests = await pendingJobRequests(pool, REQUESTS_PER_TICK);
  const enabled = (network: Network) => networks.includes(network);
  for (const request of requests) await routeRequest(request, { local, enabled, at: unixNow(now) }, { db: pool, bus });
  return requests.length;
}

async function dispatchCandidates(
  network: Network,
  limit: number,
  { visibilityMs }: DispatchOptions,
  { pool, bus }: DispatchModules,
): Promise<number> {
  const ids = await claimCandidates(pool, { network, limit, visibilityMs });
  if (ids.length === 0) return 0;
  return orRelease(
    () =>
      bus.enqueue(
        validateJob,
        ids.map((candidateId) => ({ candidateId })),
        { network },
      ),
    () => releaseCandidateClaims(pool, ids),
  );
}

async function dispatchRelays(
  contract: (typeof RELAY_JOBS)[number],
  network: Network,
  limit: number,
  { visibilityMs }: DispatchOptions,
  { pool, bus }: DispatchModules,
): Promise<number> {
  const ids = await claimRelayTasks(pool, { stage: contract.stage, network, limit, visibilityMs });
  if (ids.length === 0) return 0;
  return orRelease(
    () =>
      bus.enqueue(
        contract,
        ids.map((relayId) => ({ relayId })),
        { network },
      ),
    () => releaseRelayClaims(pool, contract.stage, ids),
  );
}

async function dispatchPeriodic(options: DispatchOptions, modules: DispatchModules): Promise<number> {
  let added = await dispatchKeys('seeder', seedJob, (key) => [seedTask(key)], options, modules);
  added += await dispatchKeys('finder', findJob, (source) => [{ source }], options, modules);
  added += await dispatchKeys('maintainer', maintainJob, (task) => [{ task }], options, modules);
  const publication = (key: string) => PUBLICATIONS.filter((what) => what === key).map((what) => ({ what }));
  return added + (await dispatchKeys('publisher', publishJob, publication, options, modules));
}

async function dispatchKeys<P extends Versioned>(
  stage: StageName,
  contract: Contract<P>,
  payloadsOf: (key: string) => readonly PayloadInput<P>[],
  { visibilityMs }: DispatchOptions,
  { pool, bus }: DispatchModules,
): Promise<number> {
  const keys = await claimPeriodicTasks(pool, stage, PERIODIC_PER_TICK, visibilityMs);
  if (keys.length === 0) return 0;
  return orRelease(
    () => bus.enqueue(contract, keys.flatMap(payloadsOf)),
    () => releasePeriodicClaims(pool, stage, keys),
  );
}

/** A seed list's key is its hash, a space, its path. */
function seedTask(key: string): { hash: string; file: string } {
  const space = key.indexOf(' ');
  return { hash: key.slice(0, space), file: key.slice(space + 1) };
}

/** A claim whose job could not be added is given back, rather than left to run out. */
async function orRelease<T>(enqueue: () => Promise<T>, release: () => Promise<void>): Promise<T> {
  try {
    return await enqueue();
  } catch (error) {
    await release();
    throw error;
  }
}
