import type { Network } from '@bigbrotr/models';

import type { Logger } from '../logging/logger.js';
import type { Bus } from './bus.js';
import { queueName, type Contract, type PayloadInput, type Versioned } from './contract.js';

/**
 * Jobs that a queue holds before the dispatcher stops adding: some minutes of work, so that the backlog stays in
 * PostgreSQL and an emptied backend costs seconds.
 */
export const HIGH_WATER = 500;

/**
 * Gives work to the next stage, after the commit that made it true. It may be lost or cut short (a full queue, an
 * absent backend): the work is due in PostgreSQL, and the dispatcher finds it there. So it never throws.
 */
export type HandOver = <P extends Versioned>(
  contract: Contract<P>,
  payloads: readonly PayloadInput<P>[],
  options?: { readonly network?: Network },
) => Promise<void>;

export function createHandOver(bus: Bus, log: Logger): HandOver {
  return async (contract, payloads, options = {}) => {
    if (payloads.length === 0) return;
    const queue = queueName(contract, options.network);
    try {
      const depth = (await bus.counts([queue])).get(queue)?.depth ?? 0;
      await bus.enqueue(contract, payloads.slice(0, Math.max(0, HIGH_WATER - depth)), options);
    } catch (error) {
      log.debug({ err: error, queue }, 'hand-over left to the dispatcher');
    }
  };
}
