import {
  defineStage,
  ensurePeriodicTasks,
  finishPeriodicTask,
  maintainJob,
  queuesOf,
  type DeadLetters,
  type Logger,
  type NetworksConfig,
  type Pool,
} from '@bigbrotr/core';
import { NETWORKS } from '@bigbrotr/models';

import { MaintainerConfig } from './config.js';
import { housekeep } from './housekeep.js';
import { mirrorFailures } from './mirror-failures.js';

export interface MaintainerModules {
  readonly pool: Pool;
  readonly deadLetters: DeadLetters;
  readonly networks: NetworksConfig;
  readonly log: Logger;
}

interface Chore {
  readonly intervalMs: number;
  run(signal: AbortSignal): Promise<number>;
}

export const maintainerStage = defineStage({
  name: 'maintainer',
  config: MaintainerConfig,
  contracts: { maintain: maintainJob },
  async start(config, { pool, deadLetters, networks, log }: MaintainerModules) {
    const queues = queuesOf(NETWORKS.filter((network) => networks[network].enabled));
    const chores = new Map<string, Chore>([
      ['housekeeping', { intervalMs: config.housekeeping, run: (signal) => housekeep({ pool }, signal) }],
      [
        'failures',
        { intervalMs: config.failures, run: (signal) => mirrorFailures(queues, { pool, deadLetters }, signal) },
      ],
    ]);
    await ensurePeriodicTasks(pool, 'maintainer', [...chores.keys()]);
    return {
      handlers: {
        maintain: async ({ task }, _context, signal) => {
          const chore = chores.get(task);
          if (!chore) return { kind: 'fatal', reason: `no task is called ${task}` };
          const count = await chore.run(signal);
          // Cut short: what is left is done by the next run, and not only when that would be due.
          if (signal.aborted) return { kind: 'later', delayMs: 1_000, reason: 'aborted' };
          await finishPeriodicTask(pool, { stage: 'maintainer', key: task, dueInMs: chore.intervalMs, failed: false });
          log.debug({ task, count }, 'maintained');
          return { kind: 'done', result: task };
        },
      },
    };
  },
});
