import {
  Closers,
  createBacklogMetrics,
  createDeadLetters,
  createEventMetrics,
  createGenerationMirror,
  createHandOver,
  createJobMetrics,
  createRegistry,
  createRequestListener,
  defineSchedule,
  dispatchJob,
  EVENT_WRITER_DEFAULTS,
  EventWriter,
  openWorkerHost,
  queueName,
  readBacklog,
  recoverLostClaims,
  startQueueWatch,
  type Logger,
  type MetricsRegistry,
  type QueueAssignment,
  type ReadinessChecks,
  type StageName,
} from '@bigbrotr/core';
import { NETWORKS, type AppError, type Dial, type Network } from '@bigbrotr/models';
import { createDialer, createVerifier, signEvent, type EngineChoice, type SignedId } from '@bigbrotr/utils';

import type { AppConfig } from './config.js';
import { dialerNetworks } from './dialer-networks.js';
import { identityOf } from './identity.js';
import { STAGES } from './stages.js';
import { openStorage, type Storage } from './storage.js';

export interface HouseOptions {
  readonly stages: readonly StageName[];
  readonly networks: readonly Network[];
}

export interface HouseModules {
  readonly log: Logger;
  /** A fault that this process cannot work with. */
  readonly onFatal: (error: AppError) => void;
}

/** A running worker: everything that one process needs, opened in order, ended in reverse. */
export interface House {
  readonly storage: Storage;
  readonly registry: MetricsRegistry;
  readonly checks: ReadinessChecks;
  readonly engine: EngineChoice;
  readonly dial: Dial;
  /** Takes no more jobs, lets the running ones checkpoint, closes everything. Never hangs. */
  close(): Promise<void>;
}

/** Single queues need no more hands. */
const SINGLE_QUEUE_CONCURRENCY = 2;

export async function openHouse(config: AppConfig, options: HouseOptions, modules: HouseModules): Promise<House> {
  const closers = new Closers();
  try {
    return await furnish(config, options, modules, closers);
  } catch (error) {
    await closers.close().catch((late: unknown) => modules.log.warn({ err: late }, 'not everything could be closed'));
    throw error;
  }
}

async function furnish(
  config: AppConfig,
  { stages, networks }: HouseOptions,
  { log, onFatal }: HouseModules,
  closers: Closers,
): Promise<House> {
  const registry = createRegistry();
  const storage = await openStorage(config, { log });
  closers.defer(() => storage[Symbol.asyncDispose]());
  const { pool, backend, bus } = storage;
  const dialer = createDialer({ networks: dialerNetworks(config.networks) });
  closers.defer(() => dialer.close());
  const verifier = await createVerifier({ engine: config.verify.engine }, { log });
  const key = identityOf(config.nostr.privateKey);
  createBacklogMetrics(registry, () => readBacklog(pool), { log });
  const shared = {
    pool,
    bus,
    deadLetters: createDeadLetters(backend),
    handOver: createHandOver(bus, log),
    dial: dialer.dial,
    httpGet: dialer.httpGet,
    resolveFacts: dialer.resolveFacts,
    writer: new EventWriter({ ...EVENT_WRITER_DEFAULTS, profile: config.archive.profile }, { pool }),
    verifyMany: (items: readonly SignedId[], until: AbortSignal) => verifier.verifyMany(items, until),
    sign: (template: Parameters<typeof signEvent>[0]) => signEvent(template, key),
    networks: config.networks,
    nostr: config.nostr,
    monitor: config.monitor,
    publishing: config.publisher.enabled,
    policy: config.policy,
    metrics: createEventMetrics(registry),
    now: Date.now,
  };

  const handlers = [];
  for (const stage of STAGES.filter((s) => stages.includes(s.name))) {
    const running = await stage.start(config, { ...shared, log: log.child({ stage: stage.name }) });
    closers.defer(() => running.stop());
    handlers.push(...running.registrations);
  }

  const enabled = NETWORKS.filter((network) => config.networks[network].enabled && networks.includes(network));
  const queues = handlers.flatMap(({ contract }): QueueAssignment[] =>
    contract.perNetwork
      ? enabled.map((network) => ({ contract, network, concurrency: config.worker.concurrency }))
      : [{ contract, concurrency: SINGLE_QUEUE_CONCURRENCY }],
  );
  for (const { contract, network } of queues) {
    if (network) await bus.limitFleet(queueName(contract, network), config.networks[network].maxTasks);
  }
  const host = await openWorkerHost(
    { queues },
    {
      backend,
      handlers,
      metrics: createJobMetrics(registry),
      log,
      onShutDown: onFatal,
      ...createRequestListener(pool, log),
    },
  );
  closers.defer(() => host.close());

  if (stages.includes('dispatcher')) {
    const watch = startQueueWatch(
      { schedules: [defineSchedule(dispatchJob, config.dispatcher.interval, {})] },
      {
        backend,
        generation: createGenerationMirror(pool),
        onLost: async () => log.warn({ claims: await recoverLostClaims(pool) }, 'lost claims are due again'),
        log,
      },
    );
    closers.defer(() => watch.close());
  }

  return {
    storage,
    registry,
    engine: verifier.choice,
    dial: dialer.dial,
    checks: {
      database: { probe: () => pool.query('SELECT 1') },
      queue: {
        probe: () => backend.ping().then((up) => up || Promise.reject(new Error('queue backend does not answer'))),
      },
    },
    close: () => closers.close(),
  };
}
