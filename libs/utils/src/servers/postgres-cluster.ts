import { randomBytes } from 'node:crypto';
import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PostgresBinaries } from './postgres-binaries.js';
import { makePrivateDir, writePrivateFile, type ServerDir } from './server-dir.js';
import { ServerError } from './server-error.js';
import { serverGuard } from './server-guard.js';

export interface ClusterOptions {
  readonly directory: ServerDir;
  readonly binaries: PostgresBinaries;
  /** Off only for databases that may be lost. */
  readonly durable: boolean;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly log?: ((line: string) => void) | undefined;
}

export const SUPERUSER = 'bigbrotr';

/** Opens the database cluster in a data directory, or makes it: never half of one, whenever the power goes. Gives the password. */
export async function openCluster(options: ClusterOptions): Promise<string> {
  const { directory, binaries } = options;
  const passwordFile = join(directory.home, 'password');
  const major = await readFile(join(directory.data, 'PG_VERSION'), 'utf8').then((text) => text.trim(), whenAbsent);

  if (major === undefined) {
    const password = randomBytes(24).toString('base64url');
    await writePrivateFile(passwordFile, password, directory.account);
    await initialize(passwordFile, options);
    return password;
  }
  if (major !== binaries.version.split('.')[0]) {
    throw new ServerError(
      'data-dir-incompatible',
      `${directory.data} was made by PostgreSQL ${major}, this is ${binaries.version}: set BIGBROTR_DATA_DIR to a new directory, or move the data with "bigbrotr db backup" of the version that made them.`,
      { directory: directory.data, major },
    );
  }
  return readFile(passwordFile, 'utf8').catch((cause: unknown) => {
    throw new ServerError(
      'data-dir-incompatible',
      `${passwordFile} cannot be read: restore it, or set BIGBROTR_DATA_DIR.`,
      {},
      { cause },
    );
  });
}

async function initialize(passwordFile: string, options: ClusterOptions): Promise<void> {
  const { directory, binaries, durable, timeoutMs, signal, log } = options;
  const draft = `${directory.data}.new`;
  await rm(draft, { recursive: true, force: true });
  await makePrivateDir(draft, directory.account);
  const initdb = await serverGuard({
    command: binaries.initdb,
    args: [
      ...['-D', draft, '-U', SUPERUSER, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8', '--no-locale'],
      ...(durable ? [] : ['--no-sync']),
    ],
    account: directory.account,
    graceMs: 1000,
    log,
  });
  const deadline = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]);
  const stop = () => void initdb.stop();
  if (deadline.aborted) stop();
  deadline.addEventListener('abort', stop);
  const { code } = await initdb.exited;
  deadline.removeEventListener('abort', stop);
  signal?.throwIfAborted();
  if (code !== 0) {
    throw new ServerError(
      'start-failed',
      `The database could not be created. The last words of initdb:\n${initdb.recentLines().slice(-8).join('\n')}`,
    );
  }
  await rename(draft, directory.data);
}

function whenAbsent(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
