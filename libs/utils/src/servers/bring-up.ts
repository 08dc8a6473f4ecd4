import { setTimeout } from 'node:timers/promises';
import { freePort } from './free-port.js';
import type { GuardedServer } from './server-guard.js';
import { ServerError } from './server-error.js';

export interface BringUp {
  /** As people know it, for messages. */
  readonly name: string;
  /** Absent: any free one. */
  readonly port?: number | undefined;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly launch: (port: number) => Promise<GuardedServer>;
  /** Asked every few milliseconds. */
  readonly isReady: (server: GuardedServer, port: number) => Promise<boolean>;
  /** Whether a failed start is worth another try: its last lines blame something that passes. */
  readonly isPassing?: (lines: readonly string[]) => boolean;
}

export interface BroughtUp {
  readonly server: GuardedServer;
  readonly port: number;
}

const POLL_MS = 20;
const RETRY_MS = 250;

/** Starts a server and waits until it serves; on a random port that got taken meanwhile, tries another. */
export async function bringUp(options: BringUp): Promise<BroughtUp> {
  const { name, timeoutMs, signal } = options;
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    const port = options.port ?? (await freePort());
    const server = await options.launch(port);
    const end = await untilReady(server, port, deadline, options).catch(async (error: unknown) => {
      await server.stop();
      throw error;
    });
    if (end === 'ready') return { server, port };

    const lines = server.recentLines();
    const portTaken = lines.some((line) => /address already in use/i.test(line));
    if (portTaken && options.port !== undefined) {
      throw new ServerError(
        'port-in-use',
        `${name} cannot listen on port ${port}: another program does. Choose another port.`,
        { port },
      );
    }
    if (!portTaken && !options.isPassing?.(lines)) {
      throw new ServerError('start-failed', `${name} did not start. Its last words:\n${lines.slice(-8).join('\n')}`, {
        port,
      });
    }
    await setTimeout(RETRY_MS, undefined, { signal });
  }
}

async function untilReady(
  server: GuardedServer,
  port: number,
  deadline: number,
  options: BringUp,
): Promise<'ready' | 'ended'> {
  const exit = server.exited.then(() => 'ended' as const);
  for (;;) {
    if (await options.isReady(server, port)) return 'ready';
    options.signal?.throwIfAborted();
    if (Date.now() > deadline) {
      const seconds = Math.round(options.timeoutMs / 1000);
      throw new ServerError(
        'start-timeout',
        `${options.name} was not ready within ${seconds} s.\n${server.recentLines().slice(-8).join('\n')}`,
      );
    }
    if (await Promise.race([exit, setTimeout(POLL_MS)])) return 'ended';
  }
}
