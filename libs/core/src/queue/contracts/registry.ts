import { NETWORKS, type Network } from '@bigbrotr/models';

import { queueName, type Contract } from '../contract.js';
import { QueueError } from '../queue-error.js';
import { dispatchJob } from './dispatcher.js';
import { findJob } from './finder.js';
import { maintainJob } from './maintainer.js';
import { monitorJob } from './monitor.js';
import { publishJob } from './publisher.js';
import { seedJob } from './seeder.js';
import { syncJob } from './synchronizer.js';
import { validateJob } from './validator.js';

export interface QueueOf {
  readonly contract: Contract;
  readonly network?: Network;
}

/** Every kind of job, in the order of the pipeline. */
export const CONTRACTS: readonly Contract[] = [
  seedJob,
  findJob,
  validateJob,
  monitorJob,
  syncJob,
  publishJob,
  dispatchJob,
  maintainJob,
];

/** The queues that exist for these networks. */
export function queuesOf(networks: readonly Network[], contracts: readonly Contract[] = CONTRACTS): string[] {
  return contracts.flatMap((contract) =>
    contract.perNetwork ? networks.map((network) => queueName(contract, network)) : [queueName(contract)],
  );
}

/** Whose queue it is; throws a {@link QueueError} when it is nobody's. */
export function contractOf(queue: string, contracts: readonly Contract[] = CONTRACTS): QueueOf {
  for (const contract of contracts) {
    if (!contract.perNetwork && contract.queue === queue) return { contract };
    const network = NETWORKS.find((name) => contract.perNetwork && queueName(contract, name) === queue);
    if (network !== undefined) return { contract, network };
  }
  throw new QueueError('queue-unknown', `No queue is called ${queue}.`, { queue });
}
