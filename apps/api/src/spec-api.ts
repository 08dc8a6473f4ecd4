import {
  appConfigSchema,
  createBus,
  createLogger,
  createPool,
  createRegistry,
  migrateQueueSchema,
  openQueueBackend,
  type Bus,
  type Pool,
  type QueueBackend,
} from '@bigbrotr/core';
import type { z } from 'zod';

import { startApi, type Api, type ApiLimits } from './start-api.js';

type ConfigInput = z.input<ReturnType<typeof appConfigSchema<never>>>;

export interface SpecApiOptions {
  /** Of a migrated database. */
  readonly databaseUrl: string;
  /** Absent: the queues are in the database, as on a bare machine. */
  readonly redis?: { readonly url: string; readonly prefix: string };
  readonly config?: Pick<ConfigInput, 'api' | 'networks'>;
  readonly limits?: Partial<ApiLimits>;
}

export interface SpecApi {
  readonly api: Api;
  readonly pool: Pool;
  readonly bus: Bus;
  readonly backend: QueueBackend;
  /** What it logged, as JSON. */
  readonly lines: string[];
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** The status and the JSON body. */
  json(path: string, init?: RequestInit): Promise<readonly [status: number, body: unknown]>;
  post(
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<readonly [status: number, body: unknown]>;
  close(): Promise<void>;
}

/** The whole API on a free port, for a spec. */
export async function openSpecApi({ databaseUrl, redis, config, limits }: SpecApiOptions): Promise<SpecApi> {
  const lines: string[] = [];
  const log = createLogger({ level: 'debug', pretty: false }, { destination: { write: (line) => lines.push(line) } });
  const pool = createPool(
    {
      url: databaseUrl,
      max: 12,
      connectTimeoutMs: 2_000,
      statementTimeoutMs: 10_000,
      idleTimeoutMs: 5_000,
      applicationName: 'spec',
    },
    () => undefined,
  );
  if (!redis) await migrateQueueSchema(pool);
  const backend = await openQueueBackend(
    redis ? { backend: 'redis', redisUrl: redis.url, prefix: redis.prefix } : { backend: 'postgres', pool },
    { log },
  );
  const bus = createBus(backend);
  const parsed = appConfigSchema([]).parse({ ...config, api: { port: 0, ...config?.api } });
  const checks = { database: { probe: () => pool.query('SELECT 1') } };
  const api = await startApi(parsed, { pool, bus, backend, registry: createRegistry(), checks, log }, limits);

  const ask: SpecApi['ask'] = (path, init) => fetch(`${api.url}${path}`, init);
  const json: SpecApi['json'] = async (path, init) => {
    const response = await ask(path, init);
    return [response.status, await response.json()];
  };
  return {
    api,
    pool,
    bus,
    backend,
    lines,
    ask,
    json,
    post: (path, body, headers) =>
      json(path, {
        method: 'POST',
        headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    async close() {
      await api.close();
      await backend.close();
      await pool.end();
    },
  };
}
