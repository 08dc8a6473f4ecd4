import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { serverGuard, type GuardedServer } from '@bigbrotr/utils';

import { CommandError, EXIT, type Shell } from '../shell.js';
import { readRunFile, type RunFile } from '../up/run-file.js';
import type { DemoHome } from './demo-home.js';

/** `bigbrotr up` in a process of its own. */
export interface UpProcess extends AsyncDisposable {
  readonly run: RunFile;
  /** Rejects when it ends without being asked to. */
  readonly lost: Promise<never>;
  /** Most memory that the process ever held, in bytes; undefined where the system does not tell. */
  peakMemoryBytes(): Promise<number | undefined>;
  /** The last lines of what it said. */
  lastWords(): string;
  /** Asks it to drain and end, once. @returns its exit code */
  stop(): Promise<number>;
}

export interface UpProcessOptions {
  readonly home: DemoHome;
  readonly workers: number;
  /** Of this process; {@link KEPT} of it is handed on. */
  readonly env: Shell['env'];
}

const UP = fileURLToPath(new URL('../../bin/bigbrotr.mjs', import.meta.url));
const READY_MS = 120_000;
const STOP_MS = 60_000;
const POLL_MS = 100;
const LAST_WORDS = 25;

/** What programs need to run. Nothing that configures us: the demo has a configuration of its own. */
const KEPT = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'LD_LIBRARY_PATH', 'NODE_OPTIONS', 'BIGBROTR_UNSTAMPED_LOG'];

/** Resolves once the API says that it is ready. */
export async function startUp({ home, workers, env }: UpProcessOptions, signal: AbortSignal): Promise<UpProcess> {
  const log = createWriteStream(home.logFile);
  const variables = KEPT.flatMap((name) => (env[name] === undefined ? [] : [`${name}=${env[name]}`]));
  const server = await serverGuard({
    command: '/usr/bin/env',
    args: ['-i', ...variables, process.execPath, UP, 'up', '--config', home.configFile, '--workers', String(workers)],
    graceMs: STOP_MS,
    log: (line) => log.write(`${line}\n`),
  });
  const lastWords = (): string => server.recentLines().slice(-LAST_WORDS).join('\n');
  try {
    const run = await untilReady(server, home.dataDir, lastWords, signal);
    const lost = server.exited.then(({ code }) => {
      throw new CommandError(
        `bigbrotr up ended with exit code ${code}. Its last words:\n${lastWords()}`,
        EXIT.negative,
      );
    });
    lost.catch(() => undefined); // for whoever is interested
    let stopping: Promise<number> | undefined;
    const stop = (): Promise<number> => (stopping ??= endServer(server).finally(() => log.end()));
    return {
      run,
      lost,
      peakMemoryBytes: () => readPeakMemory(server.pid),
      lastWords,
      stop,
      async [Symbol.asyncDispose]() {
        await stop();
      },
    };
  } catch (error) {
    await server.stop();
    log.end();
    throw error;
  }
}

async function untilReady(
  server: GuardedServer,
  dataDir: string,
  lastWords: () => string,
  signal: AbortSignal,
): Promise<RunFile> {
  const deadline = Date.now() + READY_MS;
  const ended = server.exited.then(({ code }) => code);
  for (;;) {
    signal.throwIfAborted();
    const run = await readRunFile(dataDir);
    if (run !== undefined && (await isReady(run.apiUrl, signal))) return run;
    const code = await Promise.race([ended, sleep(POLL_MS)]);
    if (code !== undefined)
      throw new CommandError(
        `bigbrotr up did not start (exit code ${code}). Its last words:\n${lastWords()}`,
        Math.max(code, EXIT.negative),
      );
    if (Date.now() > deadline) {
      throw new CommandError(
        `bigbrotr up was not ready within ${READY_MS / 1000} s. Its last words:\n${lastWords()}`,
        EXIT.negative,
      );
    }
  }
}

async function isReady(apiUrl: string, signal: AbortSignal): Promise<boolean> {
  try {
    const { ok } = await fetch(new URL('/readyz', apiUrl), {
      signal: AbortSignal.any([signal, AbortSignal.timeout(2_000)]),
    });
    return ok;
  } catch {
    return false; // not yet
  }
}

async function endServer(server: GuardedServer): Promise<number> {
  try {
    process.kill(server.pid, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // it is gone, and its exit code tells why
  }
  const late = setTimeout(() => void server.stop(), STOP_MS);
  const { code } = await server.exited;
  clearTimeout(late);
  return code;
}

async function readPeakMemory(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => undefined); // Linux alone has it
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status ?? '')?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}
