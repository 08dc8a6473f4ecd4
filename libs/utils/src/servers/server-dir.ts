import { chmod, chown, mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isReachable } from './reachable.js';
import type { RunAs } from './run-as.js';
import { ServerError } from './server-error.js';

export interface ServerDir {
  /** Ours: passwords and settings. The server's account may enter, not write: a broken-into server must not steer root. */
  readonly home: string;
  /** The server's own; absent on disk until the server was set up. */
  readonly data: string;
  /** Who the server has to run as: when root opens a user's data again, that user. */
  readonly account: RunAs | undefined;
}

/** Makes a server's directory, or says why it cannot be used. */
export async function openServerDir(path: string, account: RunAs | undefined): Promise<ServerDir> {
  const home = resolve(path);
  const data = join(home, 'data');
  const owner = (await stat(data).catch(() => undefined)) ?? (await stat(home).catch(() => undefined));
  if (owner && !account && owner.uid !== process.getuid?.()) {
    throw notUsable(home, `it belongs to another user (uid ${owner.uid})`);
  }
  const server = account && owner && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : account;
  try {
    const firstMade = await mkdir(home, { recursive: true });
    // A strict umask must not lock the server out of directories that were made for it.
    if (server && firstMade) await openParents(home, firstMade);
    await chmod(home, server ? 0o711 : 0o700);
  } catch (cause) {
    throw notUsable(home, (cause as Error).message, cause);
  }
  if (server && !isReachable(data, server)) {
    throw notUsable(home, `the server runs as uid ${server.uid}, which may not enter a directory above it`);
  }
  return { home, data, account: server };
}

/** A directory for the server's eyes only. */
export async function makePrivateDir(path: string, account: RunAs | undefined): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (account) await chown(path, account.uid, account.gid);
}

/** A file for the server's eyes only. */
export async function writePrivateFile(path: string, content: string, account: RunAs | undefined): Promise<void> {
  await writeFile(path, content, { mode: 0o600 });
  if (account) await chown(path, account.uid, account.gid);
}

async function openParents(directory: string, firstMade: string): Promise<void> {
  for (let parent = dirname(directory); parent.length >= firstMade.length; parent = dirname(parent)) {
    await chmod(parent, 0o755);
  }
}

function notUsable(directory: string, why: string, cause?: unknown): ServerError {
  return new ServerError(
    'data-dir-not-writable',
    `The data directory ${directory} cannot be used: ${why}. Set BIGBROTR_DATA_DIR to a directory that can be written.`,
    { directory },
    { cause },
  );
}
