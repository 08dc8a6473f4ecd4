import {
  createDeadLetters,
  createHealthAnswers,
  createHttpMetrics,
  ListenError,
  queuesOf,
  type Bus,
  type HttpMetrics,
  type Logger,
  type MetricsRegistry,
  type Pool,
  type QueueBackend,
  type ReadinessChecks,
} from '@bigbrotr/core';
import { NETWORKS } from '@bigbrotr/models';
import type { FastifyInstance } from 'fastify';

import { createAccess } from './access/access.js';
import { createAudit } from './access/audit.js';
import type { ApiAppConfig } from './api-config.js';
import { mountBoard } from './board/mount-board.js';
import { mountDocs } from './docs/docs-routes.js';
import { mountHealth } from './health-routes.js';
import { createCloser } from './http/close-app.js';
import { createApp, SERVER_LIMITS, type ServerLimits } from './http/create-app.js';
import { createProblemSender } from './http/error-answer.js';
import { mountRoutes } from './http/mount-routes.js';
import { createJobDesk } from './jobs/job-desk.js';
import { createJobStreams, STREAM_LIMITS, type StreamLimits } from './jobs/job-streams.js';
import { apiRoutes } from './routes.js';
import { urlOf } from './url-of.js';

export interface ApiModules {
  readonly pool: Pool;
  readonly bus: Bus;
  readonly backend: QueueBackend;
  readonly registry: MetricsRegistry;
  readonly checks: ReadinessChecks;
  readonly log: Logger;
}

export type ApiLimits = ServerLimits & StreamLimits;

export interface Api extends AsyncDisposable {
  /** Where it listens, with the real port. */
  readonly url: string;
  readonly port: number;
  /** Lets running answers end, for a short while, then cuts. */
  close(): Promise<void>;
}

/** Running answers get this long to end. */
const CLOSE_MS = 5_000;
const VERSION = '0.1.0';

/** Opens the operator's door. What it is given stays the caller's. Throws a {@link ListenError}. */
export async function startApi(
  config: ApiAppConfig,
  modules: ApiModules,
  limits: Partial<ApiLimits> = {},
): Promise<Api> {
  const { host, port, token, viewerToken } = config.api;
  const { pool, bus, backend, registry, log } = modules;
  const bounds: ApiLimits = { ...SERVER_LIMITS, ...STREAM_LIMITS, ...limits };
  const access = createAccess({ host, token, viewerToken });
  const audit = createAudit({ pool, log });
  const deadLetters = createDeadLetters(backend);
  const streams = createJobStreams(bounds, { pool, backend, log });
  const desk = createJobDesk({ pool, bus, backend, networks: config.networks, log });
  const queues = queuesOf(NETWORKS.filter((network) => config.networks[network].enabled));
  const routes = apiRoutes({ pool, bus, backend, deadLetters, desk, streams, queues });

  const app = createApp(bounds, { access, sendProblem: createProblemSender({ log }) });
  const closeApp = createCloser(app, CLOSE_MS);
  measure(
    app,
    createHttpMetrics(registry, () => streams.open),
    log,
  );
  mountHealth(app, createHealthAnswers(modules));
  mountRoutes(app, routes, { access, audit });
  mountDocs(app, routes, VERSION);
  await mountBoard(app, queues, { access, audit, backend, bus, deadLetters, pool, log });
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    throw new ListenError(error, { host, port });
  }
  if (token === undefined) log.info({ host }, 'no operator token: the API changes things for this machine alone');
  const [address] = app.addresses();
  const realPort = typeof address === 'object' ? address.port : port;
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    streams.close();
    return (closing ??= closeApp());
  };
  return { url: urlOf(host, realPort), port: realPort, close, [Symbol.asyncDispose]: close };
}

function measure(app: FastifyInstance, metrics: HttpMetrics, log: Logger): void {
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none');
    const { method } = request;
    metrics.answered(method, route, reply.statusCode, reply.elapsedTime / 1_000);
    // The pattern, not the path: what people ask for is not for the log.
    log.debug({ method, route, status: reply.statusCode, ms: Math.round(reply.elapsedTime) }, 'request answered');
    done();
  });
}
