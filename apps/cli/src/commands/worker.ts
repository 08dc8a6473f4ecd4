import { startHealthServer } from '@bigbrotr/core';
import { openHouse } from '@bigbrotr/worker';

import type { Shell } from '../shell.js';
import { untilStopped } from '../until-stopped.js';
import { createLog, load, select, type ConfigOptions, type SelectionOptions } from './load.js';

export async function runWorker(options: ConfigOptions & SelectionOptions, shell: Shell): Promise<number> {
  const config = load(options, shell);
  const selection = select(options);
  const log = createLog(config);
  return untilStopped(async (stop) => {
    const house = await openHouse(config, selection, { log, onFatal: stop });
    try {
      const health = await startHealthServer(
        { host: config.api.host, port: config.api.port },
        { registry: house.registry, checks: house.checks, log },
      );
      log.info({ ...selection, port: health.port, engine: house.engine.engine }, 'worker ready');
      return {
        close: async () => {
          await health.close();
          await house.close();
          log.info({}, 'worker ended');
        },
      };
    } catch (error) {
      await house.close();
      throw error;
    }
  });
}
