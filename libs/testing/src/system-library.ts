import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where loaders look without being told: also Debian's folders by architecture and those of Homebrew. */
const FOLDERS = ['/lib', '/usr/lib', '/lib64', '/usr/lib64', '/usr/local/lib', '/opt/homebrew/lib'];

/**
 * Whether a shared library whose file name begins with `name` is installed and knows `symbol`. Looks at files instead
 * of loading the library, so that a spec which is about loading it is not decided by the code that it tests.
 */
export function hasSystemLibrary(name: string, symbol: string): boolean {
  const extra = (process.env['LD_LIBRARY_PATH'] ?? '').split(':').filter((folder) => folder !== '');
  return [...extra, ...FOLDERS]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => [folder, ...subfolders(folder)])
    .some((folder) => files(folder, name).some((file) => readFileSync(file).includes(symbol)));
}

function subfolders(folder: string): string[] {
  return entries(folder)
    .filter(
      (entry) => entry.endsWith('-linux-gnu') || entry.endsWith('-linux-gnueabihf') || entry.endsWith('-linux-musl'),
    )
    .map((entry) => join(folder, entry));
}

function files(folder: string, name: string): string[] {
  return entries(folder)
    .filter((entry) => entry.startsWith(`${name}.so`) || entry.startsWith(`${name}.dylib`))
    .map((entry) => join(folder, entry))
    .filter((file) => existsSync(file));
}

/** None for a folder that may not be read. */
function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
