import fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify';

import type { Access } from '../access/access.js';
import { PROBLEM_TYPE, type ProblemSender } from './error-answer.js';
import { HttpProblem } from './http-problem.js';
import { clientKey, createRateLimiter, type RateLimit } from './rate-limiter.js';
import { STATUS_TITLES, type ProblemStatus } from './status-titles.js';

export interface ServerLimits {
  /** Of requests without the operator's token, for each client. */
  readonly rate: RateLimit;
  readonly bodyBytes: number;
  /** A client may take this long over its request, and we over the answer. */
  readonly requestMs: number;
  readonly answerMs: number;
  readonly connections: number;
}

export const SERVER_LIMITS: ServerLimits = {
  rate: { burst: 2_000, perSecond: 200 },
  bodyBytes: 2 * 1_048_576,
  requestMs: 15_000,
  answerMs: 30_000,
  connections: 2_000,
};

/** A query string with 500 event ids. */
const MAX_HEADER_BYTES = 65_536;
/** Longer than the keep-alive of the proxies that people use, so that it is they who hang up. */
const KEEP_ALIVE_MS = 72_000;
const HEALTH = new Set(['/healthz', '/readyz', '/metrics']);

const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

export interface AppModules {
  readonly access: Access;
  readonly sendProblem: ProblemSender;
}

/** An empty server with our limits, headers and errors. */
export function createApp(limits: ServerLimits, { access, sendProblem }: AppModules): FastifyInstance {
  const app = fastify({
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMs,
    handlerTimeout: limits.answerMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // The hop before us, when it is a proxy on this machine or in a private network, says who asks.
    trustProxy: ['loopback', 'linklocal', 'uniquelocal'],
    http: { maxHeaderSize: MAX_HEADER_BYTES, connectionsCheckingInterval: 1_000 },
    clientErrorHandler: hangUp,
    frameworkErrors: (error, request, reply) => {
      reply.headers(SECURITY_HEADERS);
      sendProblem(reply, error, request);
    },
  });
  app.server.maxConnections = limits.connections;
  acceptJsonAlone(app);
  const limiter = createRateLimiter(limits.rate, () => performance.now());

  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    if (HEALTH.has(request.url) || access.isOperator(request)) return;
    const turn = limiter.take(clientKey(request.ip));
    if (turn.ok) return;
    throw new HttpProblem(429, 'rate-limit', `Too many requests; the next one in ${turn.retryAfterSeconds} s.`, {
      headers: { 'retry-after': String(turn.retryAfterSeconds) },
    });
  });
  app.setErrorHandler((error, request, reply) => sendProblem(reply, error, request));
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, new HttpProblem(404, 'not-found', 'Nothing is served here. /docs lists what is.'), request),
  );
  return app;
}

/** A body is JSON or refused; without one, a request that may have one brings nothing. */
function acceptJsonAlone(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else void parse(request, body as string, done);
  });
}

type ClientErrorHandler = NonNullable<FastifyServerOptions['clientErrorHandler']>;

/** What was sent is no request: there is nothing to route, only a socket. */
function hangUp(error: Parameters<ClientErrorHandler>[0], socket: Parameters<ClientErrorHandler>[1]): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, detail] = CLIENT_ERRORS[error.code] ?? [400, 'This is no HTTP request.'];
  const body = JSON.stringify(new HttpProblem(status, 'request', detail).document());
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_TITLES[status]}`,
      `content-type: ${PROBLEM_TYPE}`,
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

const CLIENT_ERRORS: Readonly<Record<string, readonly [ProblemStatus, string]>> = {
  HPE_HEADER_OVERFLOW: [431, `URL and headers may have ${MAX_HEADER_BYTES} bytes.`],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not end in time.'],
};
