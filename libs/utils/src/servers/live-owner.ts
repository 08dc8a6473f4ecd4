import { readFile, readlink, realpath, unlink } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { ServerError } from './server-error.js';

export interface Vacancy {
  readonly pidFile: string;
  readonly directory: string;
  /** Another server that is on its way out gets this long. */
  readonly patienceMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits for a server of an earlier run that is just ending, refuses to share the directory with one that stays, and
 * removes a pid file whose number now belongs to somebody else (PostgreSQL would take any live process for a postmaster).
 */
export async function untilVacant({ pidFile, directory, patienceMs, signal }: Vacancy): Promise<void> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const pid = Number.parseInt(await readFile(pidFile, 'utf8').catch(() => ''), 10);
    if (!(pid > 0) || !isOurs(pid)) return;
    if (!(await worksIn(pid, directory))) return unlink(pidFile);
    if (Date.now() > deadline) {
      throw new ServerError(
        'data-dir-in-use',
        `Another server (pid ${pid}) works in ${directory}: stop it first, or set BIGBROTR_DATA_DIR to another directory.`,
        { pid, directory },
      );
    }
    await setTimeout(100, undefined, { signal });
  }
}

/** Alive, and of an account that could have opened the directory. */
function isOurs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // ESRCH, or EPERM: a stranger's
  }
}

/** Servers make their data directory the working one. Where that cannot be seen, the name of the program decides. */
async function worksIn(pid: number, directory: string): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  try {
    return (await readlink(`/proc/${pid}/cwd`)) === (await realpath(directory));
  } catch {
    const program = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
    return /^(postgres|redis|valkey)/.test(program);
  }
}
