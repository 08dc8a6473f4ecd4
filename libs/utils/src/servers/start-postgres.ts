import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bringUp } from './bring-up.js';
import { untilVacant } from './live-owner.js';
import { postgresBinaries } from './postgres-binaries.js';
import { openCluster, SUPERUSER } from './postgres-cluster.js';
import { serverAccount } from './run-as.js';
import type { RunningServer } from './running-server.js';
import { openServerDir } from './server-dir.js';
import { serverGuard } from './server-guard.js';

export interface PostgresOptions {
  /** PostgreSQL's alone; made when absent, kept between starts. */
  readonly dataDir: string;
  /** Default: a free one. */
  readonly port?: number;
  readonly maxConnections: number;
  /** More settings, as in postgresql.conf. `fsync: 'off'` is for data that may be lost. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** For making and starting, milliseconds; default 60 s. Crash recovery counts. */
  readonly timeoutMs?: number;
  /** From asking the server to stop to killing it, milliseconds; default 60 s. */
  readonly graceMs?: number;
  /** Ends an unfinished start. */
  readonly signal?: AbortSignal;
  readonly log?: (line: string) => void;
}

/** How long an earlier run that is on its way out may still hold the directory. */
const PATIENCE_MS = 3000;

/** Starts the PostgreSQL that npm installed, on loopback, behind a password, as an unprivileged user. */
export async function startPostgres(options: PostgresOptions): Promise<RunningServer> {
  const { maxConnections, settings = {}, timeoutMs = 60_000, graceMs = 60_000, signal, log } = options;
  signal?.throwIfAborted();
  const directory = await openServerDir(options.dataDir, await serverAccount());
  const { data, account } = directory;
  const binaries = await postgresBinaries(account);
  const durable = settings['fsync'] !== 'off';
  const password = await openCluster({ directory, binaries, durable, timeoutMs, signal, log });
  const pidFile = join(data, 'postmaster.pid');
  await untilVacant({ pidFile, directory: data, patienceMs: PATIENCE_MS, signal });

  const { server, port } = await bringUp({
    name: 'PostgreSQL',
    port: options.port,
    timeoutMs,
    signal,
    launch: (port) =>
      serverGuard({
        command: binaries.postgres,
        args: ['-D', data, ...flags({ ...BASE_SETTINGS, max_connections: maxConnections, ...settings, port })],
        account,
        graceMs,
        log,
      }),
    isReady: (server) => isReady(pidFile, server.pid),
    // The backends of a killed postmaster need a moment to notice.
    isPassing: (lines) => lines.some((line) => line.includes('pre-existing shared memory block')),
  });
  return {
    url: `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/postgres`,
    port,
    pid: server.pid,
    version: binaries.version,
    exited: server.exited,
    stop: () => server.stop(),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

const BASE_SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Its log may end in ours, which never shows an event's content: no statements, no rows in details.
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
};

function flags(settings: Readonly<Record<string, string | number>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** Line 8 of postmaster.pid is what pg_ctl goes by, too. */
async function isReady(pidFile: string, pid: number): Promise<boolean> {
  const lines = (await readFile(pidFile, 'utf8').catch(() => '')).split('\n');
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
}
