import { statSync, type Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { RunAs } from './run-as.js';

/** Whether every existing directory above `path` lets `account` pass; without an account: lets anybody pass. */
export function isReachable(path: string, account?: RunAs): boolean {
  for (let directory = dirname(resolve(path)); ; directory = dirname(directory)) {
    const stats = statSync(directory, { throwIfNoEntry: false });
    if (stats && !lets(stats, account)) return false;
    if (directory === dirname(directory)) return true;
  }
}

function lets(stats: Stats, account: RunAs | undefined): boolean {
  if (account && stats.uid === account.uid) return (stats.mode & 0o100) !== 0;
  if (account && stats.gid === account.gid) return (stats.mode & 0o010) !== 0;
  return (stats.mode & 0o001) !== 0;
}
