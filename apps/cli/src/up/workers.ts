import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { PARENT_PIPE } from '../commands/worker.js';
import { CommandError, EXIT, type Shell } from '../shell.js';
import type { Servers } from './servers.js';
import type { UpOptions } from './up.js';

/** What scales: the rest runs in the first process. */
const SCALING_STAGES = 'validator,monitor,synchronizer';
const GRACE_MS = 20_000;
const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));

/** Worker processes beside this one. They end with us, also when we are killed: their standard input closes. */
export function startWorkers(
  { workers, config, networks }: UpOptions,
  servers: Servers,
  shell: Shell,
  fail: (error: Error) => void,
): { close(): Promise<void> } {
  if (workers > 1 && servers.queueBackend === 'postgres') {
    throw new CommandError('Several worker processes need Redis. Install redis-server, or set REDIS_URL.', EXIT.usage);
  }
  let closing = false;
  const args = [
    'worker',
    '--stages',
    SCALING_STAGES,
    ...(config === undefined ? [] : ['--config', config]),
    ...(networks ? ['--networks', networks.join(',')] : []),
  ];
  const env = {
    ...shell.env,
    DATABASE_URL: servers.databaseUrl,
    ...(servers.redisUrl !== undefined && { REDIS_URL: servers.redisUrl }),
    // Their metrics are for scrapers that find them; a port of their own choice is as good as any here.
    PORT: '0',
    [PARENT_PIPE]: 'stdin',
  };
  const children = Array.from({ length: workers - 1 }, () => {
    const child = spawn(process.execPath, [MAIN, ...args], {
      env,
      stdio: ['pipe', 'inherit', 'inherit'],
      detached: true,
    });
    child.on('exit', (code) => {
      if (!closing) fail(new CommandError(`A worker process ended unexpectedly (${code ?? 'signal'}).`, EXIT.negative));
    });
    return child;
  });
  return {
    async close() {
      closing = true;
      await Promise.all(children.map(endChild));
    },
  };
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const hard = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  await exited;
  clearTimeout(hard);
}
