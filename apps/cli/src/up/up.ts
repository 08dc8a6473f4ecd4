import { setTimeout as sleep } from 'node:timers/promises';

import { startApi } from '@bigbrotr/api';
import { Closers, migrate, queuesOf, type Logger } from '@bigbrotr/core';
import { NETWORKS, type Network } from '@bigbrotr/models';
import { openHouse, type AppConfig, type House } from '@bigbrotr/worker';

import { createLog, load, select, type ConfigOptions, type SelectionOptions } from '../commands/load.js';
import { dataDirOf } from '../data-dir.js';
import { CommandError, EXIT, type Shell } from '../shell.js';
import { untilStopped, type Running } from '../until-stopped.js';
import { isOnline } from './offline.js';
import { showProgress } from './progress.js';
import { isQuiet } from './quiescence.js';
import { assertNothingRuns, removeRunFile, writeRunFile } from './run-file.js';
import { startServers, type Servers } from './servers.js';
import { startWorkers } from './workers.js';

export interface UpOptions extends ConfigOptions, SelectionOptions {
  readonly workers: number;
  readonly once?: boolean;
}

/** The queue in PostgreSQL holds a connection per worker, beside those of the jobs. */
const FALLBACK_POOL = 60;
/** A run that ends by itself does not wait long for what failed once. */
const ONCE = {
  'validator.interval': '10s',
  'monitor.retry': '10s',
  'synchronizer.backoff': '10s',
  'synchronizer.rescan.enabled': false,
};
const QUIET_CHECK_MS = 1_000;

/** The whole pipeline in one place: servers, migrations, all stages, API and dashboard. */
export async function runUp(options: UpOptions, shell: Shell): Promise<number> {
  const selection = select(options);
  const flags = options.once === true ? ONCE : {};
  const config = load(options, shell, flags);
  const dataDir = await dataDirOf(config, shell);
  await assertNothingRuns(dataDir.path);
  if (dataDir.reason === 'private-home')
    shell.stderr.write(`data: ${dataDir.path} (servers that root starts cannot enter this directory)\n`);
  const log = createLog(config);

  return untilStopped(async (fail) => {
    const closers = new Closers(90_000);
    try {
      const servers = await openServers(config, dataDir.path, shell, log, fail);
      closers.defer(() => servers.close());
      const effective = load(options, shell, { ...flags, ...serverFlags(servers, config) });
      await migrate(servers.databaseUrl);
      const house = await openHouse(effective, selection, { log, onFatal: fail });
      closers.defer(() => house.close());
      const api = await startApi(effective, { ...house.storage, registry: house.registry, checks: house.checks, log });
      closers.defer(() => api.close());
      const workers = startWorkers(options, servers, shell, fail);
      closers.defer(() => workers.close());
      await writeRunFile(dataDir.path, {
        pid: process.pid,
        databaseUrl: servers.databaseUrl,
        ...(servers.redisUrl !== undefined && { redisUrl: servers.redisUrl }),
        queueBackend: servers.queueBackend,
        apiUrl: api.url,
        startedAt: new Date().toISOString(),
      });
      closers.defer(() => removeRunFile(dataDir.path));

      announce(shell, { servers, apiUrl: api.url, dataDir: dataDir.path, house });
      const over = new AbortController();
      closers.defer(() => over.abort());
      closers.defer(showProgress(house.storage.pool, shell));
      if (effective.networks.clearnet.enabled && selection.networks.includes('clearnet'))
        void tellWhenOffline(effective, house, shell, over.signal);
      const networks = selection.networks.filter((network) => effective.networks[network].enabled);
      return {
        close: async () => {
          shell.stderr.write('ending: running jobs checkpoint, data stay\n');
          await closers.close();
        },
        ...(options.once === true && { ended: untilQuiet(networks, house, over.signal) }),
      } satisfies Running;
    } catch (error) {
      await closers.close();
      throw error;
    }
  });
}

async function openServers(
  config: AppConfig,
  dataDir: string,
  shell: Shell,
  log: Logger,
  fail: (error: Error) => void,
): Promise<Servers> {
  return startServers(config, dataDir, {
    path: shell.env['PATH'],
    log: (line) => log.debug({ line }, 'server says'),
    onLost: (name) =>
      fail(
        new CommandError(
          `The private ${name} ended unexpectedly; its data are in ${dataDir}. Starting again recovers them.`,
          EXIT.negative,
        ),
      ),
  });
}

function serverFlags({ databaseUrl, redisUrl, queueBackend }: Servers, config: AppConfig): Record<string, unknown> {
  return {
    'database.url': databaseUrl,
    'queue.backend': queueBackend,
    ...(redisUrl !== undefined && { 'queue.redisUrl': redisUrl }),
    ...(queueBackend === 'postgres' && { 'database.pool.max': Math.max(config.database.pool.max, FALLBACK_POOL) }),
  };
}

function announce(
  { stderr }: Shell,
  { servers, apiUrl, dataDir, house }: { servers: Servers; apiUrl: string; dataDir: string; house: House },
): void {
  const { engine, slow } = house.engine;
  stderr.write(
    [
      'BigBrotr is running. Ctrl-C ends it and keeps the data.',
      `  dashboard   ${apiUrl}/queues`,
      `  API         ${apiUrl}/docs`,
      `  metrics     ${apiUrl}/metrics`,
      `  data        ${dataDir}`,
      `  queues in   ${servers.explanation}`,
      `  signatures  ${engine}${slow ? ' (slow; `apt-get install libsecp256k1-1` makes it faster)' : ''}`,
      '',
    ].join('\n'),
  );
}

async function tellWhenOffline(config: AppConfig, house: House, { stderr }: Shell, signal: AbortSignal): Promise<void> {
  // The seed list needs a moment to become candidates.
  await sleep(3_000, undefined, { signal }).catch(() => undefined);
  const online = signal.aborted
    ? undefined
    : await isOnline(config.networks.clearnet.canaries, { pool: house.storage.pool, dial: house.dial }, signal);
  if (online === false) {
    stderr.write(
      '\noffline: none of the known relays can be reached from here. BigBrotr keeps trying; `npm run demo` shows everything without the internet.\n',
    );
  }
}

/** Quiet twice in a row: between two jobs there is a moment when nothing is to be seen. */
async function untilQuiet(networks: readonly Network[], { storage }: House, signal: AbortSignal): Promise<number> {
  const queues = queuesOf(NETWORKS.filter((network) => networks.includes(network))).filter(
    (queue) => queue !== 'dispatch',
  );
  for (let quiet = 0; quiet < 2;) {
    await sleep(QUIET_CHECK_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    quiet = (await isQuiet(networks, queues, storage)) ? quiet + 1 : 0;
  }
  return EXIT.ok;
}
