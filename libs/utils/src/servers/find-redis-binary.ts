import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The redis-server or, failing that, valkey-server of a PATH variable. */
export function findRedisBinary(path: string | undefined): string | undefined {
  const directories = (path ?? '').split(delimiter).filter((directory) => directory !== '');
  return ['redis-server', 'valkey-server']
    .flatMap((name) => directories.map((directory) => join(directory, name)))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
