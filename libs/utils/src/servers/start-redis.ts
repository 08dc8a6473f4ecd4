import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bringUp } from './bring-up.js';
import { untilVacant } from './live-owner.js';
import { isReachable } from './reachable.js';
import { redisAnswers } from './redis-answers.js';
import { serverAccount, type RunAs } from './run-as.js';
import type { RunningServer } from './running-server.js';
import { makePrivateDir, openServerDir, writePrivateFile } from './server-dir.js';
import { ServerError } from './server-error.js';
import { serverGuard } from './server-guard.js';

export interface RedisOptions {
  /** A redis-server or valkey-server, see `findRedisBinary`. */
  readonly binary: string;
  /** Redis' alone; made when absent, kept between starts. */
  readonly dataDir: string;
  /** Default: a free one. */
  readonly port?: number;
  /** More settings, as in redis.conf. `appendonly: 'no'` is for data that may be lost. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** For starting, milliseconds; default 60 s. Loading the data counts. */
  readonly timeoutMs?: number;
  /** From asking the server to stop to killing it, milliseconds; default 30 s. */
  readonly graceMs?: number;
  /** Ends an unfinished start. */
  readonly signal?: AbortSignal;
  readonly log?: (line: string) => void;
}

/** How long an earlier run that is on its way out may still hold the directory. */
const PATIENCE_MS = 3000;

/** Starts a private Redis on loopback, behind a password, as an unprivileged user. It writes every job to disk once a second. */
export async function startRedis(options: RedisOptions): Promise<RunningServer> {
  const { binary, settings = {}, timeoutMs = 60_000, graceMs = 30_000, signal, log } = options;
  signal?.throwIfAborted();
  const { home, data, account } = await openServerDir(options.dataDir, await serverAccount());
  const version = await versionOf(binary, account);
  await makePrivateDir(data, account);
  const pidFile = join(data, 'redis.pid');
  await untilVacant({ pidFile, directory: data, patienceMs: PATIENCE_MS, signal });

  // A file, not arguments: everybody may read those. A new password a start: nobody needs the old one.
  const password = randomBytes(24).toString('base64url');
  const file = join(home, 'redis.conf');
  const { server, port } = await bringUp({
    name: 'Redis',
    port: options.port,
    timeoutMs,
    signal,
    launch: async (port) => {
      const lines = { ...BASE_SETTINGS, ...settings, port, dir: data, pidfile: pidFile, requirepass: password };
      await writePrivateFile(
        file,
        Object.entries(lines)
          .map(([name, value]) => `${name} ${JSON.stringify(String(value))}\n`)
          .join(''),
        account,
      );
      return serverGuard({ command: binary, args: [file], account, graceMs, log });
    },
    isReady: (_, port) => redisAnswers(port, password),
  });
  return {
    url: `redis://:${password}@127.0.0.1:${port}`,
    port,
    pid: server.pid,
    version,
    exited: server.exited,
    stop: () => server.stop(),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

const BASE_SETTINGS = {
  bind: '127.0.0.1',
  appendonly: 'yes',
  appendfsync: 'everysec',
  // No snapshots beside the log of commands, and BullMQ must never have a key evicted.
  save: '',
  'maxmemory-policy': 'noeviction',
};

async function versionOf(binary: string, account: RunAs | undefined): Promise<string> {
  if (account && !isReachable(binary, account)) {
    throw new ServerError(
      'missing-binaries',
      `${binary} lies where the server's account (uid ${account.uid}) cannot reach it: install Redis system-wide, or set REDIS_URL.`,
    );
  }
  try {
    const { stdout } = await promisify(execFile)(binary, ['--version'], { timeout: 10_000, env: {} });
    return /v=(\S+)/.exec(stdout)?.[1] ?? 'unknown';
  } catch (cause) {
    throw new ServerError(
      'missing-binaries',
      `${binary} does not run (${(cause as Error).message}): install Redis, or set REDIS_URL.`,
      {},
      { cause },
    );
  }
}
