import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { CommandError } from '../shell.js';

/** What other commands need to know about a running `up`. Holds passwords: 0600. */
const RunFile = z.object({
  pid: z.int().positive(),
  databaseUrl: z.string(),
  redisUrl: z.string().optional(),
  queueBackend: z.enum(['redis', 'postgres']),
  apiUrl: z.string(),
  startedAt: z.string(),
});
export type RunFile = z.output<typeof RunFile>;

function pathOf(dataDir: string): string {
  return join(dataDir, 'run.json');
}

/** Undefined when nothing runs there: no file, one that is no use, or one that a killed process left behind. */
export async function readRunFile(dataDir: string): Promise<RunFile | undefined> {
  let text: string;
  try {
    text = await readFile(pathOf(dataDir), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new CommandError(
      `${pathOf(dataDir)} cannot be read: ${String((error as NodeJS.ErrnoException).code)}.`,
      undefined,
      { cause: error },
    );
  }
  const parsed = RunFile.safeParse(parseJson(text));
  return parsed.success && isAlive(parsed.data.pid) ? parsed.data : undefined;
}

/** A second `up` on the same data is an error, told with the pid of the first. */
export async function assertNothingRuns(dataDir: string): Promise<void> {
  const running = await readRunFile(dataDir);
  if (running)
    throw new CommandError(
      `BigBrotr already runs on ${dataDir} (pid ${running.pid}, ${running.apiUrl}). Stop it first, or set BIGBROTR_DATA_DIR.`,
    );
}

/** Whole or not at all, never readable by others. */
export async function writeRunFile(dataDir: string, run: RunFile): Promise<void> {
  const temporary = `${pathOf(dataDir)}.${process.pid}`;
  await writeFile(temporary, `${JSON.stringify(run, null, 2)}\n`, { mode: 0o600 });
  await chmod(temporary, 0o600);
  await rename(temporary, pathOf(dataDir));
}

export async function removeRunFile(dataDir: string): Promise<void> {
  await rm(pathOf(dataDir), { force: true });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Cut short by a crash or a full disk: as good as none.
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
