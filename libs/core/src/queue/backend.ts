import {
  Queue,
  Worker,
  createPostgresBackend,
  createRedisBackend,
  type IQueueBackend,
  type Processor,
  type WorkerOptions,
} from 'bullmq';
import type pg from 'pg';
import type { Logger } from '../logging/logger.js';

import { within } from './deadline.js';
import { MAX_EVENTS, QUEUE_OPTIONS, WORKER_OPTIONS } from './job-options.js';
import { checkQueueSchema, queuePool } from './postgres-pool.js';
import { createQuietLog } from './quiet-log.js';
import { QueueError } from './queue-error.js';
import { checkRedis } from './redis-check.js';
import { closeRedisClients, openRedisClients } from './redis-clients.js';
import { parseRedisUrl } from './redis-target.js';

export type BackendKind = 'redis' | 'postgres';
/** A worker's return value. BullMQ copies it into the event stream: keep it at a word. */
export interface JobResult {
  readonly result: string;
  readonly again?: boolean;
}
export type JobQueue = Queue<unknown, JobResult, string, unknown, JobResult, string, IQueueBackend, unknown>;
export type JobWorker = Worker<unknown, JobResult, string, IQueueBackend, number, unknown>;
export type JobProcessor = Processor<unknown, JobResult, string, number>;

export type QueueBackendOptions = { readonly timeoutMs?: number } & (
  | { readonly backend: 'redis'; readonly redisUrl: string; /** First part of every key. */ readonly prefix: string }
  /** One process only: workers of several would trust each other's clocks. The pool stays the caller's. */
  | { readonly backend: 'postgres'; readonly pool: pg.Pool }
);

export interface QueueBackend extends AsyncDisposable {
  readonly kind: BackendKind;
  /** The producer's side; one per name, closed with the backend. Fails fast while the backend is away. */
  queue(name: string): JobQueue;
  /** Not running yet. Whoever makes it closes it. */
  worker(name: string, processor: JobProcessor, options: Partial<WorkerOptions>): JobWorker;
  /** Throws a {@link QueueError} when the backend has no connections for so many workers. */
  assertRoomFor(workers: number): void;
  /** Writes again what each queue keeps about itself and an emptied backend has lost. */
  restore(): Promise<void>;
  /** True when it answers. */
  ping(timeoutMs?: number): Promise<boolean>;
  close(): Promise<void>;
}

/** Queries beside the connection that each worker keeps for its notifications. */
const SPARE_CONNECTIONS = 4;
/** For things that belong to no queue. */
export const CONTROL_QUEUE = 'control';

/** Opens the one door to BullMQ. Throws a {@link QueueError} that says what to do when the backend is away or unfit. */
export async function openQueueBackend(
  options: QueueBackendOptions,
  modules: { readonly log: Logger },
): Promise<QueueBackend> {
  const log = createQuietLog(modules.log);
  return options.backend === 'redis' ? openRedis(options, log, modules.log) : openPostgres(options, log);
}

async function openRedis(
  { redisUrl, prefix, timeoutMs = 10_000 }: Extract<QueueBackendOptions, { backend: 'redis' }>,
  onError: (error: unknown, where: string) => void,
  log: Logger,
): Promise<QueueBackend> {
  const target = parseRedisUrl(redisUrl);
  const clients = await openRedisClients(target, timeoutMs, (error) => onError(error, 'redis'));
  try {
    for (const warning of await checkRedis(clients.producer))
      log.warn({ redis: target.label, warning }, 'redis could not be checked');
  } catch (error) {
    await closeRedisClients(clients);
    throw error;
  }
  // The hash tag keeps all keys of a queue in one slot of a cluster, and lets the queues spread over its nodes.
  const keys = (name: string): { prefix: string } => ({ prefix: `{${prefix}:${name}}` });
  return assemble({
    kind: 'redis',
    onError,
    makeQueue: (name) =>
      anyQueue(
        new Queue(
          name,
          { ...QUEUE_OPTIONS, ...keys(name), connection: clients.producer, skipWaitingForReady: true },
          createRedisBackend,
        ),
      ),
    makeWorker: (name, processor, more) =>
      anyWorker(
        new Worker(
          name,
          processor,
          { ...WORKER_OPTIONS, ...more, ...keys(name), connection: clients.worker },
          createRedisBackend,
        ),
      ),
    assertRoomFor: () => undefined,
    ping: () => clients.producer.ping(),
    closeConnections: () => closeRedisClients(clients),
  });
}

async function openPostgres(
  { pool, timeoutMs = 10_000 }: Extract<QueueBackendOptions, { backend: 'postgres' }>,
  onError: (error: unknown, where: string) => void,
): Promise<QueueBackend> {
  const connection = queuePool(pool);
  const checked = await within(
    timeoutMs,
    checkQueueSchema(connection).then(() => true),
  ).catch((error: unknown) => {
    if (error instanceof QueueError) throw error;
    throw postgresAway(timeoutMs, error);
  });
  if (!checked) throw postgresAway(timeoutMs);
  return assemble({
    kind: 'postgres',
    onError,
    makeQueue: (name) => anyQueue(new Queue(name, { ...QUEUE_OPTIONS, connection }, createPostgresBackend)),
    makeWorker: (name, processor, more) =>
      anyWorker(new Worker(name, processor, { ...WORKER_OPTIONS, ...more, connection }, createPostgresBackend)),
    assertRoomFor(workers) {
      const needed = workers + SPARE_CONNECTIONS;
      if (pool.options.max >= needed) return;
      throw new QueueError(
        'queue-pool',
        `The queue in PostgreSQL needs ${needed} connections for ${workers} queues, the pool has ${pool.options.max}. Raise database.pool.max.`,
        {
          needed,
          max: pool.options.max,
        },
      );
    },
    ping: () => connection.query('SELECT 1'),
    closeConnections: () => Promise.resolve(),
  });
}

function postgresAway(timeoutMs: number, cause?: unknown): QueueError {
  return new QueueError(
    'queue-unreachable',
    `PostgreSQL did not answer within ${timeoutMs} ms. Is it running, and is DATABASE_URL right?`,
    {},
    { cause },
  );
}

interface Parts {
  readonly kind: BackendKind;
  readonly onError: (error: unknown, where: string) => void;
  readonly makeQueue: (name: string) => JobQueue;
  readonly makeWorker: (name: string, processor: JobProcessor, options: Partial<WorkerOptions>) => JobWorker;
  readonly assertRoomFor: (workers: number) => void;
  readonly ping: () => Promise<unknown>;
  readonly closeConnections: () => Promise<void>;
}

/** BullMQ's classes carry their backend in their type, invariantly; ours is either. */
function anyQueue(queue: object): JobQueue {
  return queue as JobQueue;
}

function anyWorker(worker: object): JobWorker {
  return worker as JobWorker;
}

function assemble({
  kind,
  onError,
  makeQueue,
  makeWorker,
  assertRoomFor,
  ping,
  closeConnections,
}: Parts): QueueBackend {
  const queues = new Map<string, JobQueue>();
  let closing: Promise<void> | undefined;

  async function closeAll(): Promise<void> {
    await Promise.all(
      [...queues.values()].map((queue) =>
        within(
          2_000,
          queue.close().catch((error: unknown) => onError(error, queue.name)),
        ),
      ),
    );
    await closeConnections();
  }
  const close = (): Promise<void> => (closing ??= closeAll());

  return {
    kind,
    queue(name) {
      if (closing) throw new QueueError('queue-config', 'The queue backend is closed.');
      let queue = queues.get(name);
      if (!queue) {
        queue = makeQueue(name);
        queue.on('error', (error) => onError(error, name));
        queues.set(name, queue);
      }
      return queue;
    },
    worker(name, processor, options) {
      const worker = makeWorker(name, processor, options);
      worker.on('error', (error) => onError(error, name));
      return worker;
    },
    assertRoomFor,
    async restore() {
      await Promise.all(
        [...queues.values()].map((queue) => queue.getBackend().setQueueMeta({ 'opts.maxLenEvents': MAX_EVENTS })),
      );
    },
    async ping(timeoutMs = 2_000) {
      const answered = ping().then(
        () => true,
        () => false,
      );
      return (await within(timeoutMs, answered)) ?? false;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
