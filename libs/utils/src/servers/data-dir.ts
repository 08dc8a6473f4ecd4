import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';

export interface DataDirFacts {
  /** `BIGBROTR_DATA_DIR`; empty counts as absent. */
  readonly configured: string | undefined;
  readonly cwd: string;
  /** `process.getuid?.()` */
  readonly uid: number | undefined;
  /** Whether an unprivileged server process could get to a path, see `isReachable`. */
  readonly reachable: (path: string) => boolean;
}

export interface DataDir {
  readonly path: string;
  /** `private-home`: root's servers run as `nobody`, who cannot enter this directory, so the data live elsewhere. */
  readonly reason: 'configured' | 'default' | 'private-home';
}

/** Where the data live: what was asked for, else `./data`, else (root in a 0700 home) a directory of its own under `/var/lib`. */
export function resolveDataDir({ configured, cwd, uid, reachable }: DataDirFacts): DataDir {
  if (configured) return { path: resolve(cwd, configured), reason: 'configured' };
  const path = join(cwd, 'data');
  if (uid !== 0 || reachable(path)) return { path, reason: 'default' };
  const hash = createHash('sha256').update(path).digest('hex').slice(0, 12);
  return { path: join('/var/lib/bigbrotr', hash), reason: 'private-home' };
}
