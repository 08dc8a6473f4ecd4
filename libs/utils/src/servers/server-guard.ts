import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Duplex, Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import type { RunAs } from './run-as.js';
import type { ServerExit } from './running-server.js';
import { ServerError } from './server-error.js';

export interface GuardOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Absent: the account of this process. */
  readonly account?: RunAs | undefined;
  /** From the polite signal to SIGKILL, milliseconds; rounded up to seconds. */
  readonly graceMs: number;
  /** Every line that the server prints. */
  readonly log?: ((line: string) => void) | undefined;
}

export interface GuardedServer {
  /** Of the server, not of its guard. */
  readonly pid: number;
  readonly exited: Promise<ServerExit>;
  /** The last lines that the server printed. */
  recentLines(): readonly string[];
  /** Asks politely, insists after the grace, and waits for the end. */
  stop(): Promise<void>;
}

// The guard's descriptor 3 is a socket to us. When it closes, because we ask for a stop or because we died of whatever
// cause (SIGKILL included), the reader wakes up and ends the server: it is its own child, so the pid cannot be anyone else's.
const GUARD = `
grace=$1; shift
"$@" </dev/null 3<&- &
server=$!
trap '' INT TERM HUP
echo $server >&3
(
  read -r _
  kill -INT $server
  while [ $grace -gt 0 ]; do
    sleep 1
    kill -0 $server || exit
    grace=$((grace - 1))
  done
  kill -KILL $server
) <&3 >/dev/null 2>&1 &
reader=$!
wait $server
code=$?
kill -KILL $reader 2>/dev/null
exit $code
`;

const RECENT_LINES = 40;
const LAST_WORDS_MS = 200;

/** Runs a server that can outlive neither `stop()` nor this process. A session of its own keeps Ctrl-C from reaching it before us. */
export async function serverGuard({ command, args, account, graceMs, log }: GuardOptions): Promise<GuardedServer> {
  const graceSeconds = Math.max(1, Math.ceil(graceMs / 1000));
  const guard = spawn('/bin/sh', ['-c', GUARD, 'sh', String(graceSeconds), command, ...args], {
    cwd: '/',
    // Nothing of our environment: it holds secrets, and PG* variables would steer the server.
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    ...account,
  });
  const leash = guard.stdio[3] as Duplex;
  leash.on('error', () => undefined); // the guard is gone; `exited` tells
  const recent = keepRecent(guard, log);

  let stopping: Promise<void> | undefined;
  const closed = once(guard, 'close');
  closed.catch(() => undefined);
  const exited = once(guard, 'exit').then(async ([code]: (number | null)[]): Promise<ServerExit> => {
    const expected = stopping !== undefined;
    leash.destroy();
    await Promise.race([closed, setTimeout(LAST_WORDS_MS)]); // the pipes may still hold the reason
    return { code: code ?? 128, expected };
  });
  exited.catch(() => undefined); // a guard that never came to be rejects `readPid`, too
  const pid = await Promise.race([
    readPid(leash),
    once(guard, 'error').then(([error]) => Promise.reject(error as Error)),
  ]);

  return {
    pid,
    exited,
    recentLines: () => recent,
    stop: () => (stopping ??= endWithin(graceSeconds * 1000 + 5000)),
  };

  async function endWithin(deadlineMs: number): Promise<void> {
    leash.destroy();
    const deadline = new AbortController();
    const late = setTimeout(deadlineMs, undefined, { signal: deadline.signal }).then(() => {
      throw new ServerError('stop-timeout', `Process ${pid} (${command}) does not end, not even by SIGKILL.`, { pid });
    });
    try {
      await Promise.race([exited, late]);
    } finally {
      deadline.abort();
      late.catch(() => undefined);
    }
  }
}

async function readPid(leash: Readable): Promise<number> {
  const [chunk] = (await once(leash, 'data')) as [Buffer];
  leash.pause();
  return Number(chunk.toString());
}

function keepRecent(guard: ChildProcess, log: ((line: string) => void) | undefined): readonly string[] {
  const recent: string[] = [];
  for (const stream of [guard.stdout, guard.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on('line', (line) => {
      if (recent.push(line) > RECENT_LINES) recent.shift();
      log?.(line);
    });
  }
  return recent;
}
