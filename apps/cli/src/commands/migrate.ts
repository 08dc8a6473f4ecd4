import { migrate, migrateQueueSchema, SCHEMA_VERSION } from '@bigbrotr/core';
import { openPool } from '@bigbrotr/worker';

import { EXIT, type Shell } from '../shell.js';
import { createLog, load, type ConfigOptions } from './load.js';

export async function runMigrate(options: ConfigOptions, shell: Shell): Promise<number> {
  const config = load(options, shell);
  const pool = openPool(config, createLog(config));
  try {
    await migrate(config.database.url ?? '');
    if (config.queue.backend === 'postgres') await migrateQueueSchema(pool);
    shell.stdout.write(`schema ${SCHEMA_VERSION} is in place\n`);
    return EXIT.ok;
  } finally {
    await pool.end();
  }
}
