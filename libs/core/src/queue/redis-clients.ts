import { Cluster, Redis, type RedisOptions } from 'ioredis';

import { within } from './deadline.js';
import { QueueError } from './queue-error.js';
import type { RedisTarget } from './redis-target.js';

export type RedisClient = Redis | Cluster;

export interface RedisClients {
  /** For the API and every enqueue: fails at once while Redis is away. */
  readonly producer: RedisClient;
  /** For workers: waits for Redis to come back. BullMQ makes a blocking copy of it for each worker. */
  readonly worker: RedisClient;
}

const CLOSE_MS = 2_000;
const retryDelay = (times: number): number => Math.min(100 * 2 ** Math.min(times, 10), 5_000);

type Profile = Pick<
  RedisOptions,
  'maxRetriesPerRequest' | 'connectTimeout' | 'commandTimeout' | 'socketTimeout' | 'enableOfflineQueue'
>;

const PRODUCER: Profile = {
  maxRetriesPerRequest: 1,
  enableOfflineQueue: false,
  connectTimeout: 2_000,
  commandTimeout: 5_000,
};

const WORKER: Profile = {
  // BullMQ requires it: a worker's command outlives a restart.
  maxRetriesPerRequest: null,
  connectTimeout: 10_000,
  // A half-open socket would hold a finished job, and with it a slot, for ever. Must be longer than a blocking read (10 s).
  socketTimeout: 30_000,
};

/** Opens both clients; neither is returned unless both answer within the deadline. */
export async function openRedisClients(
  target: RedisTarget,
  timeoutMs: number,
  onError: (error: unknown) => void,
): Promise<RedisClients> {
  const clients: RedisClients = { producer: create(target, PRODUCER), worker: create(target, WORKER) };
  let last: unknown;
  for (const client of [clients.producer, clients.worker]) {
    client.on('error', (error: unknown) => {
      last = error;
      onError(error);
    });
  }
  try {
    const ready = Promise.all([connect(clients.producer), connect(clients.worker)]).then(() => true);
    if (await within(timeoutMs, ready)) return clients;
  } catch (error) {
    last = error;
  }
  await closeRedisClients(clients);
  throw connectFault(last, target, timeoutMs);
}

/** Ends both politely, or, when Redis does not answer, at once. */
export async function closeRedisClients({ producer, worker }: RedisClients): Promise<void> {
  await Promise.all(
    [producer, worker].map(async (client) => {
      // A client that is not connected would keep `quit` in its offline queue.
      if (client.status === 'ready' || client.status === 'connect')
        await within(
          CLOSE_MS,
          client.quit().catch(() => undefined),
        );
      client.disconnect();
    }),
  );
}

/** Every server that holds keys: the primaries of a cluster, or the one. */
export function primaries(client: RedisClient): Redis[] {
  return client instanceof Cluster ? client.nodes('master') : [client];
}

function create(target: RedisTarget, profile: Profile): RedisClient {
  const { nodes, cluster, tls, username, password, db } = target;
  const { enableOfflineQueue = true, ...options } = profile;
  const common = {
    ...options,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: {} }),
    keepAlive: 10_000,
    lazyConnect: true,
    // A replica that was promoted away: reconnect, and send the command again.
    reconnectOnError: (error: Error) => (error.message.startsWith('READONLY') ? (2 as const) : false),
  };
  if (!cluster) return new Redis({ ...common, ...nodes[0], db, enableOfflineQueue, retryStrategy: retryDelay });
  return new Cluster([...nodes], {
    redisOptions: common,
    lazyConnect: true,
    enableOfflineQueue,
    clusterRetryStrategy: retryDelay,
    slotsRefreshTimeout: 5_000,
  });
}

/** `connect()` gives up after the first refusal, although the client goes on trying: only the deadline ends our patience. */
async function connect(client: RedisClient): Promise<void> {
  const ready = new Promise<void>((resolve) => client.once('ready', () => resolve()));
  await Promise.race([ready, client.connect().then(() => ready, refusedForGood)]);
  await client.ping();

  async function refusedForGood(error: unknown): Promise<void> {
    if (isRefusal(error)) throw error;
    await ready;
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && /^(NOAUTH|WRONGPASS|NOPERM)|no password is set/.test(error.message);
}

function connectFault(error: unknown, { label }: RedisTarget, timeoutMs: number): QueueError {
  return isRefusal(error)
    ? new QueueError(
        'queue-refused',
        `Redis at ${label} refuses us. Check the user and the password in REDIS_URL.`,
        { redis: label },
        { cause: error },
      )
    : new QueueError(
        'queue-unreachable',
        `Redis at ${label} did not answer within ${timeoutMs} ms. Is it running, and is REDIS_URL right?`,
        { redis: label },
        { cause: error },
      );
}
