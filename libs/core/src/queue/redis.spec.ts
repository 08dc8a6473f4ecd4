import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { needs, until } from '@bigbrotr/testing';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { Registry } from 'prom-client';

import { openQueueBackend, type QueueBackend } from './backend.js';
import { createBus } from './bus.js';
import { queueName } from './contract.js';
import { monitorJob } from './contracts/monitor.js';
import { syncJob } from './contracts/synchronizer.js';
import { createJobMetrics } from './job-metrics.js';
import { handle } from './outcome.js';
import { openWorkerHost, type WorkerHost } from './worker-host.js';

jest.setTimeout(60_000);

const log = pino({ level: 'silent' });
const net = { network: 'clearnet' } as const;
const opened: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

interface PrivateRedis {
  readonly port: number;
  readonly url: string;
  start(): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/** A server of this spec's own, which may be misconfigured and killed. */
async function privateRedis(...options: string[]): Promise<PrivateRedis> {
  const dir = await mkdtemp(join(tmpdir(), 'queue-redis-'));
  // A cluster node also listens 10,000 ports above.
  let port = await freePort();
  while (port > 55_000) port = await freePort();
  let child: ChildProcess | undefined;
  const redis: PrivateRedis = {
    port,
    url: `redis://127.0.0.1:${port}`,
    async start() {
      const args = [
        '--bind',
        '127.0.0.1',
        '--port',
        String(port),
        '--dir',
        dir,
        '--save',
        '',
        '--appendonly',
        'yes',
        ...options,
      ];
      child = spawn('redis-server', args, { stdio: 'ignore' });
      await until(() => accepts(port), { everyMs: 50 });
    },
    async kill(signal) {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill(signal);
      await gone;
    },
  };
  opened.push(async () => {
    await redis.kill('SIGKILL');
    await rm(dir, { recursive: true, force: true });
  });
  await redis.start();
  return redis;
}

async function openBackend(redisUrl: string, timeoutMs = 3_000): Promise<QueueBackend> {
  const backend = await openQueueBackend({ backend: 'redis', redisUrl, prefix: 'spec', timeoutMs }, { log });
  opened.push(() => backend.close());
  return backend;
}

async function openHost(
  backend: QueueBackend,
  run: (relayId: number, signal: AbortSignal) => Promise<void>,
): Promise<WorkerHost> {
  const handler = handle(monitorJob, async ({ relayId }, _context, signal) => {
    await run(relayId, signal);
    return { kind: 'done', result: 'ok' };
  });
  const host = await openWorkerHost(
    {
      queues: [{ contract: monitorJob, concurrency: 2, ...net }],
      times: { lockDuration: 2_000, stalledInterval: 500 },
    },
    { backend, handlers: [handler], metrics: createJobMetrics(new Registry()), log, onShutDown: () => undefined },
  );
  opened.push(() => host.close({ graceMs: 300 }));
  return host;
}

needs('redis')('redis server', () => {
  it.each(['allkeys-lru', 'volatile-ttl'])('is refused when it evicts by %s, with what to do', async (policy) => {
    const redis = await privateRedis('--maxmemory-policy', policy);

    await expect(openBackend(redis.url)).rejects.toMatchObject({
      code: 'queue-eviction',
      recovery: 'shut-down',
      message: expect.stringContaining('CONFIG SET maxmemory-policy noeviction'),
      detail: { policy },
    });

    const admin = new Redis(redis.url);
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
    await admin.quit();
    expect(await (await openBackend(redis.url)).ping()).toBe(true);
  });

  it('is judged without CONFIG, which managed services forbid', async () => {
    const redis = await privateRedis('--rename-command', 'CONFIG', '');
    expect(await (await openBackend(redis.url)).ping()).toBe(true);
  });

  it('that is away or wants a password is named, without the secret', async () => {
    const port = await freePort();
    const at = Date.now();
    await expect(openBackend(`redis://app:secret@127.0.0.1:${port}`, 500)).rejects.toMatchObject({
      code: 'queue-unreachable',
      message: `Redis at 127.0.0.1:${port} did not answer within 500 ms. Is it running, and is REDIS_URL right?`,
    });
    expect(Date.now() - at).toBeLessThan(3_000);

    const locked = await privateRedis('--requirepass', 'right');
    await expect(openBackend(locked.url)).rejects.toMatchObject({ code: 'queue-refused' });
    await expect(openBackend(`redis://:wrong@127.0.0.1:${locked.port}`)).rejects.toMatchObject({
      code: 'queue-refused',
    });
    expect(await (await openBackend(`redis://:right@127.0.0.1:${locked.port}`)).ping()).toBe(true);
  });

  it('that is killed makes producers fail fast; its jobs and its workers come back with it', async () => {
    const redis = await privateRedis();
    const backend = await openBackend(redis.url);
    const bus = createBus(backend);
    const ran: number[] = [];
    await openHost(backend, (relayId) => (ran.push(relayId), Promise.resolve()));
    await bus.enqueue(monitorJob, [{ relayId: 1 }], net);
    await bus.enqueue(monitorJob, [{ relayId: 2 }], { ...net, delayMs: 1_500 });
    await until(() => ran.includes(1));
    // Appended to the file at once, synced within a second.
    await sleep(200);

    await redis.kill('SIGKILL');
    const at = Date.now();
    await expect(bus.enqueue(monitorJob, [{ relayId: 3 }], net)).rejects.toMatchObject({
      code: 'queue-unreachable',
      recovery: 'retry',
    });
    expect(await backend.ping()).toBe(false);
    expect(Date.now() - at).toBeLessThan(2_500);
    await sleep(500);
    await redis.start();

    await until(() => backend.ping());
    await until(() => ran.includes(2), { timeoutMs: 20_000 });
    expect(await bus.enqueue(monitorJob, [{ relayId: 4 }], net)).toBe(1);
    await until(() => ran.includes(4), { timeoutMs: 20_000 });
  });

  it('that is gone does not keep a process from leaving', async () => {
    const redis = await privateRedis();
    const backend = await openBackend(redis.url);
    let started = 0;
    const host = await openHost(backend, async (_relayId, signal) => {
      started += 1;
      await sleep(60_000, undefined, { signal });
    });
    await createBus(backend).enqueue(monitorJob, [{ relayId: 1 }], net);
    await until(() => started === 1);
    await redis.kill('SIGKILL');

    const at = Date.now();
    await host.close({ graceMs: 500 });
    await backend.close();

    expect(Date.now() - at).toBeLessThan(8_000);
    await until(() => !process.getActiveResourcesInfo().includes('TCPSocketWrap'));
  });

  it('that forgets a job makes its handler stop', async () => {
    const redis = await privateRedis();
    const backend = await openBackend(redis.url);
    const reasons: unknown[] = [];
    let started = 0;
    await openHost(backend, async (_relayId, signal) => {
      started += 1;
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      reasons.push(signal.reason);
    });
    await createBus(backend).enqueue(monitorJob, [{ relayId: 1 }], net);
    await until(() => started === 1);

    const admin = new Redis(redis.url);
    await admin.flushall();
    await admin.quit();

    await until(() => reasons.length === 1);
    expect(reasons).toEqual(['lock-lost']);
  });
});

needs('redis')('redis cluster', () => {
  it('of three nodes spreads the queues, and runs a job with its continuation', async () => {
    const nodes = await Promise.all(
      [0, 1, 2].map(() => privateRedis('--cluster-enabled', 'yes', '--cluster-node-timeout', '2000')),
    );
    await formCluster(nodes);
    const backend = await openBackend(nodes.map(({ port }) => `redis://127.0.0.1:${port}`).join(','), 10_000);
    const bus = createBus(backend);
    const queues = (['clearnet', 'tor', 'i2p', 'loki'] as const).map((network) => queueName(syncJob, network));
    const ran: string[] = [];
    const host = await openWorkerHost(
      {
        queues: (['clearnet', 'tor', 'i2p', 'loki'] as const).map((network) => ({
          contract: syncJob,
          network,
          concurrency: 2,
        })),
      },
      {
        backend,
        handlers: [
          handle(syncJob, ({ relayId }, { queue }) => {
            const again = !ran.includes(`${queue} ${relayId}`);
            ran.push(`${queue} ${relayId}`);
            return Promise.resolve({ kind: 'done', result: 'slice', again });
          }),
        ],
        metrics: createJobMetrics(new Registry()),
        log,
        onShutDown: () => undefined,
      },
    );
    opened.push(() => host.close({ graceMs: 500 }));

    for (const network of ['clearnet', 'tor', 'i2p', 'loki'] as const) {
      expect(await bus.enqueue(syncJob, [{ relayId: 1 }, { relayId: 2 }], { network })).toBe(2);
    }

    await until(() => ran.length === 16, { timeoutMs: 20_000 });
    expect((await bus.counts(queues)).get('sync-tor')?.failed).toBe(0);
    const used = await Promise.all(nodes.map(({ url }) => keysOf(url)));
    expect(used.filter((keys) => keys > 0).length).toBeGreaterThan(1);
  });
});

async function formCluster(nodes: readonly PrivateRedis[]): Promise<void> {
  const clients = nodes.map(({ url }) => new Redis(url));
  const [first, ...others] = clients;
  for (const { port } of nodes.slice(1)) await first!.call('CLUSTER', 'MEET', '127.0.0.1', String(port));
  const share = Math.ceil(16_384 / clients.length);
  for (const [at, client] of clients.entries()) {
    await client.call('CLUSTER', 'ADDSLOTSRANGE', String(at * share), String(Math.min((at + 1) * share, 16_384) - 1));
  }
  for (const client of [first!, ...others]) {
    await until(async () => String(await client.call('CLUSTER', 'INFO')).includes('cluster_state:ok'), {
      timeoutMs: 20_000,
    });
    await until(
      async () => String(await client.call('CLUSTER', 'INFO')).includes(`cluster_known_nodes:${nodes.length}`),
      { timeoutMs: 20_000 },
    );
    await client.quit();
  }
}

async function keysOf(url: string): Promise<number> {
  const client = new Redis(url);
  const size = await client.dbsize();
  await client.quit();
  return size;
}

describe('redis url', () => {
  it('that is missing is named', async () => {
    await expect(openBackend('')).rejects.toMatchObject({
      code: 'queue-config',
      message: expect.stringContaining('REDIS_URL'),
    });
  });
});
