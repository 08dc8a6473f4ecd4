import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import { createHealthAnswers, type HealthAnswer, type HealthAnswers, type HealthModules } from './health-answers.js';
import { ListenError, type ListenAddress } from './listen-error.js';

export interface HealthServer extends AsyncDisposable {
  /** The one that was given, or the free one that 0 stands for. */
  readonly port: number;
  /** Lets running answers end, for a short while, then cuts. */
  close(): Promise<void>;
}

export interface HealthServerOptions extends ListenAddress {
  /** How long a client may take over its request, and a closing server over its last answers. */
  readonly patienceMs?: number;
}

const MAX_HEADER_BYTES = 8192;
const MAX_CONNECTIONS = 100;
/** Of patience: a socket on which nothing moves stays longer than the slowest answer, the metrics, may take. */
const IDLE_FACTOR = 3;

/** Serves `/healthz`, `/readyz` and `/metrics`. Throws a {@link ListenError}. */
export async function startHealthServer(
  { host, port, patienceMs = 5000 }: HealthServerOptions,
  modules: HealthModules,
): Promise<HealthServer> {
  const limits = {
    maxHeaderSize: MAX_HEADER_BYTES,
    requestTimeout: patienceMs,
    keepAliveTimeout: patienceMs,
    connectionsCheckingInterval: patienceMs / 5,
  };
  const routes: Routes = new Map(Object.entries(createHealthAnswers(modules)));
  const server = createServer(limits, (request, response) => {
    respond(routes, request, response).catch((err: unknown) => {
      modules.log.error({ err }, 'health request failed');
      response.destroy();
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(IDLE_FACTOR * patienceMs);
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (error) {
    throw new ListenError(error, { host, port });
  }
  server.on('error', (err) => modules.log.error({ err }, 'health server failed'));
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= closeServer(server, patienceMs));
  return { port: portOf(server) ?? port, close, [Symbol.asyncDispose]: close };
}

function portOf(server: Server): number | undefined {
  const address = server.address();
  return typeof address === 'object' ? address?.port : undefined;
}

type Routes = ReadonlyMap<string, HealthAnswers[keyof HealthAnswers]>;

async function respond(routes: Routes, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const answer = await answerTo(routes, request);
  response.writeHead(answer.status, {
    'content-type': answer.contentType,
    'content-length': Buffer.byteLength(answer.body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(answer.status === 405 && { allow: 'GET, HEAD' }),
  });
  // Node leaves the body out when the method is HEAD.
  response.end(answer.body);
}

async function answerTo(routes: Routes, { method, url = '/' }: IncomingMessage): Promise<HealthAnswer> {
  const answer = routes.get(url.split('?', 1)[0] ?? url);
  if (answer === undefined) return problem(404, 'Not Found');
  return method === 'GET' || method === 'HEAD' ? answer() : problem(405, 'Method Not Allowed');
}

function problem(status: number, title: string): HealthAnswer {
  return {
    status,
    contentType: 'application/problem+json',
    body: `${JSON.stringify({ type: 'about:blank', title, status })}\n`,
  };
}

async function closeServer(server: Server, patienceMs: number): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const cut = setTimeout(() => {
    server.closeAllConnections();
  }, patienceMs);
  try {
    await closed;
  } finally {
    clearTimeout(cut);
  }
}
