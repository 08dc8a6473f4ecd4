import { startHealthServer } from '@bigbrotr/core';
import { openHouse } from '@bigbrotr/worker';

import { CommandError, EXIT, type Shell } from '../shell.js';
import { untilStopped } from '../until-stopped.js';
import { createLog, load, select, type ConfigOptions, type SelectionOptions } from './load.js';

/** Names, for a worker, where it hears of the end of the process that started it. */
export const PARENT_PIPE = 'BIGBROTR_PARENT';

export async function runWorker(options: ConfigOptions & SelectionOptions, shell: Shell): Promise<number> {
  const config = load(options, shell);
  const selection = select(options);
  const log = createLog(config);
  return untilStopped(async (stop) => {
    // Started by `up`: the pipe ends when that process does, however it ends.
    if (shell.env[PARENT_PIPE] === 'stdin') {
      shell.stdin.once('end', () =>
        stop(new CommandError('The process that started this worker is gone.', EXIT.negative)),
      );
      shell.stdin.resume();
    }
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
