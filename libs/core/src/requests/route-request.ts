import { createHash } from 'node:crypto';

import { parseRelayUrl, relayUrlParts, type Network } from '@bigbrotr/models';

import { findCandidate, putCandidates } from '../archive/candidate-store.js';
import { findRelay } from '../archive/relay-store.js';
import type { Queryable } from '../db/pool.js';
import type { Bus } from '../queue/bus.js';
import { queueName, type Contract, type PayloadInput, type Versioned } from '../queue/contract.js';
import { findJob } from '../queue/contracts/finder.js';
import { maintainJob } from '../queue/contracts/maintainer.js';
import { monitorJob } from '../queue/contracts/monitor.js';
import { publishJob } from '../queue/contracts/publisher.js';
import { seedJob } from '../queue/contracts/seeder.js';
import { syncJob } from '../queue/contracts/synchronizer.js';
import { validateJob } from '../queue/contracts/validator.js';
import { QueueError } from '../queue/queue-error.js';
import { assignJob, closeJobRequest, markEnqueued, type JobRequest } from './job-requests.js';

export interface RouteOptions {
  /** Local relays may be asked for. */
  readonly local: boolean;
  readonly enabled: (network: Network) => boolean;
  /** Unix seconds. */
  readonly at: number;
}

export type Routed =
  | { readonly to: 'job'; readonly queue: string; readonly jobId: string }
  /** Answered without a job. */
  | { readonly to: 'result'; readonly result: string }
  | { readonly to: 'error'; readonly error: string };

/**
 * Turns a request into its job, in front of the queue, or joins the job that does the same already. Throws a
 * `QueueError` while the backend is away: the request stays where it is, and the dispatcher tries again.
 */
export async function routeRequest(
  request: JobRequest,
  options: RouteOptions,
  { db, bus }: { readonly db: Queryable; readonly bus: Bus },
): Promise<Routed> {
  const routed = await route(request, options, db, async (contract, payload, network) => {
    const key = keyOf(contract, payload);
    if (key === undefined) return { to: 'error', error: `not a job that ${contract.queue} knows` };
    await assignJob(db, request.id, { queue: queueName(contract, network), key });
    const job = await bus.request(contract, payload, network === undefined ? {} : { network });
    await markEnqueued(db, request.id);
    return { to: 'job', queue: job.queue, jobId: job.jobId };
  });
  if (routed.to !== 'job')
    await closeJobRequest(db, request.id, routed.to === 'result' ? { result: routed.result } : { error: routed.error });
  return routed;
}

type Send = <P extends Versioned>(
  contract: Contract<P>,
  payload: PayloadInput<P>,
  network?: Network,
) => Promise<Routed>;

/** Undefined when the contract accepts no such payload: that is the request's fault, and no later try would mend it. */
function keyOf<P extends Versioned>(contract: Contract<P>, payload: PayloadInput<P>): string | undefined {
  try {
    return contract.dedup(contract.encode(payload));
  } catch (error) {
    if (error instanceof QueueError) return undefined;
    throw error;
  }
}

async function route({ id, body }: JobRequest, options: RouteOptions, db: Queryable, send: Send): Promise<Routed> {
  switch (body.kind) {
    case 'seed':
      return send(seedJob, { hash: createHash('sha256').update(id).digest('hex'), requestId: id });
    case 'find':
      return send(findJob, { source: body.source });
    case 'publish':
      return send(publishJob, { what: body.what });
    case 'maintain':
      return send(maintainJob, { task: body.task });
    case 'validate':
    case 'monitor':
    case 'sync':
      return routeRelay(body, options, db, send);
  }
}

async function routeRelay(
  { kind, relay: input }: { readonly kind: 'validate' | 'monitor' | 'sync'; readonly relay: string },
  { local, enabled, at }: RouteOptions,
  db: Queryable,
  send: Send,
): Promise<Routed> {
  const parsed = parseRelayUrl(input, { local });
  if (!parsed.ok) return { to: 'error', error: `not a relay URL: ${parsed.reason}` };
  const { url, network } = parsed;
  if (!enabled(network)) return { to: 'error', error: `the ${network} network is not enabled` };
  const relay = await findRelay(db, url);
  if (kind !== 'validate') {
    if (!relay) return { to: 'error', error: 'no such relay; ask for its validation first' };
    return send(kind === 'sync' ? syncJob : monitorJob, { relayId: relay.id }, network);
  }
  if (relay) return { to: 'result', result: 'known relay' };
  const { host, registrableDomain } = relayUrlParts(url);
  await putCandidates(
    db,
    [{ url, network, host, ...(registrableDomain !== undefined && { registrableDomain }), source: 'request' }],
    at,
  );
  const candidate = await findCandidate(db, url);
  return candidate
    ? send(validateJob, { candidateId: candidate.id }, network)
    : { to: 'result', result: 'known relay' };
}
