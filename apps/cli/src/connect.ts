import { assertReachable, assertSchema, type Pool } from '@bigbrotr/core';
import { openPool, type AppConfig } from '@bigbrotr/worker';

import { createLog, load, type ConfigOptions } from './commands/load.js';
import { dataDirOf } from './data-dir.js';
import { CommandError, EXIT, type Shell } from './shell.js';
import { readRunFile } from './up/run-file.js';

/** The database of the running `up`, or the configured one, for one command. */
export async function withDatabase(
  options: ConfigOptions,
  shell: Shell,
  work: (pool: Pool, config: AppConfig) => Promise<number>,
): Promise<number> {
  const configured = load(options, shell);
  const run =
    configured.database.url === undefined ? await readRunFile((await dataDirOf(configured, shell)).path) : undefined;
  const config = run ? load(options, shell, { 'database.url': run.databaseUrl }) : configured;
  if (config.database.url === undefined) {
    throw new CommandError(
      'Nothing runs here. Start `bigbrotr up` (npm start), or set DATABASE_URL.',
      EXIT.unreachable,
    );
  }
  const pool = openPool(config, createLog(config));
  try {
    await assertReachable(pool, config.database.url);
    await assertSchema(pool);
    return await work(pool, config);
  } finally {
    await pool.end();
  }
}
