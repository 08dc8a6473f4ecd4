import { startApi } from '@bigbrotr/api';
import { createBacklogMetrics, createRegistry, readBacklog } from '@bigbrotr/core';
import { openStorage } from '@bigbrotr/worker';

import type { Shell } from '../shell.js';
import { untilStopped } from '../until-stopped.js';
import { createLog, load, type ConfigOptions } from './load.js';

export async function runApi(options: ConfigOptions, shell: Shell): Promise<number> {
  const config = load(options, shell);
  const log = createLog(config);
  return untilStopped(async () => {
    const storage = await openStorage(config, { log });
    try {
      const registry = createRegistry();
      createBacklogMetrics(registry, () => readBacklog(storage.pool), { log });
      const checks = {
        database: { probe: () => storage.pool.query('SELECT 1') },
        // Reads and requests work without it.
        queue: {
          probe: () =>
            storage.backend.ping().then((up) => up || Promise.reject(new Error('queue backend does not answer'))),
          optional: true,
        },
      };
      const api = await startApi(config, { ...storage, registry, checks, log });
      log.info({ url: api.url }, 'api ready');
      return {
        close: async () => {
          await api.close();
          await storage[Symbol.asyncDispose]();
        },
      };
    } catch (error) {
      await storage[Symbol.asyncDispose]();
      throw error;
    }
  });
}
