import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { Closers } from '@bigbrotr/core';
import { findRedisBinary, startPostgres, startRedis, type RunningServer } from '@bigbrotr/utils';
import type { AppConfig } from '@bigbrotr/worker';

export interface Servers {
  readonly databaseUrl: string;
  readonly redisUrl?: string;
  readonly queueBackend: 'redis' | 'postgres';
  /** One line for the person who started us: which backend, and why. */
  readonly explanation: string;
  close(): Promise<void>;
}

export interface ServerModules {
  /** Where to look for a redis-server. */
  readonly path: string | undefined;
  readonly log: (line: string) => void;
  /** A server of ours ended without being asked to. */
  readonly onLost: (name: string) => void;
}

/** Each worker of the queue in PostgreSQL keeps a connection of its own. */
const MAX_CONNECTIONS = 300;

/** Uses the servers that are configured and starts the rest, private to this data directory. */
export async function startServers(config: AppConfig, dataDir: string, modules: ServerModules): Promise<Servers> {
  const closers = new Closers();
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o755 });
    const database = await useDatabase(config, dataDir, closers, modules);
    const queue = await useQueue(config, dataDir, closers, modules);
    return { databaseUrl: database, ...queue, close: () => closers.close() };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

async function useDatabase(
  { database }: AppConfig,
  dataDir: string,
  closers: Closers,
  { log, onLost }: ServerModules,
): Promise<string> {
  if (database.url !== undefined) return database.url;
  const server = await startPostgres({ dataDir: join(dataDir, 'postgres'), maxConnections: MAX_CONNECTIONS, log });
  watch(server, 'PostgreSQL', onLost);
  closers.defer(() => server.stop());
  return server.url;
}

type Queue = Pick<Servers, 'redisUrl' | 'queueBackend' | 'explanation'>;

async function useQueue(
  { queue }: AppConfig,
  dataDir: string,
  closers: Closers,
  { path, log, onLost }: ServerModules,
): Promise<Queue> {
  if (queue.backend === 'postgres')
    return { queueBackend: 'postgres', explanation: 'PostgreSQL, as queue.backend says' };
  if (queue.redisUrl !== undefined)
    return { queueBackend: 'redis', redisUrl: queue.redisUrl, explanation: 'the Redis of REDIS_URL' };
  const binary = findRedisBinary(path);
  if (binary === undefined) {
    return {
      queueBackend: 'postgres',
      explanation: 'PostgreSQL, for there is no redis-server on PATH: one worker process, which is enough for a look',
    };
  }
  const server = await startRedis({ binary, dataDir: join(dataDir, 'redis'), log });
  watch(server, 'Redis', onLost);
  closers.defer(() => server.stop());
  return { queueBackend: 'redis', redisUrl: server.url, explanation: `a private Redis ${server.version} (${binary})` };
}

function watch(server: RunningServer, name: string, onLost: (name: string) => void): void {
  void server.exited.then(({ expected }) => {
    if (!expected) onLost(name);
  });
}
