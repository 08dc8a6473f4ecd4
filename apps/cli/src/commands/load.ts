import { createLogger, loadConfig, type Logger, type StageName } from '@bigbrotr/core';
import { NETWORKS, type Network } from '@bigbrotr/models';
import { AppConfig, STAGES } from '@bigbrotr/worker';

import { CommandError, type Shell } from '../shell.js';

export interface ConfigOptions {
  readonly config?: string;
}

export interface SelectionOptions {
  readonly stages?: readonly string[];
  readonly networks?: readonly string[];
}

export function load(options: ConfigOptions, shell: Shell, flags: Readonly<Record<string, unknown>> = {}): AppConfig {
  return loadConfig({
    schema: AppConfig,
    env: shell.env,
    flags,
    ...(options.config !== undefined && { file: options.config }),
  });
}

/** Logs go to standard error: standard output is for answers. */
export function createLog(config: AppConfig): Logger {
  return createLogger(config.log, { destination: process.stderr });
}

/** Which stages and networks a process works on; everything that is not left out. */
export function select({ stages, networks }: SelectionOptions): {
  stages: readonly StageName[];
  networks: readonly Network[];
} {
  return {
    stages: choose(
      'stage',
      STAGES.map((s) => s.name),
      stages,
    ),
    networks: choose('network', NETWORKS, networks),
  };
}

function choose<T extends string>(
  what: string,
  all: readonly T[],
  wanted: readonly string[] | undefined,
): readonly T[] {
  if (wanted === undefined) return all;
  for (const name of wanted) {
    if (!all.some((known) => known === name))
      throw new CommandError(`No ${what} is called ${name}. There are: ${all.join(', ')}.`);
  }
  return all.filter((known) => wanted.includes(known));
}
