import { createBullBoard } from '@bull-board/api';
import type { BullBoardQueues, UIConfig } from '@bull-board/api/typings/app';
import type { Logger } from '@bigbrotr/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';

import type { Access, Actor } from '../access/access.js';
import type { Audit } from '../access/audit.js';
import { createProblemSender } from '../http/error-answer.js';
import type { HttpProblem } from '../http/http-problem.js';
import { problemOf, queueAway } from '../http/problem-of.js';
import { createBoardAdapter } from './board-adapter.js';
import { BoardQueue, type BoardQueueModules } from './board-queue.js';

export const BOARD_PATH = '/queues';

export interface BoardModules extends BoardQueueModules {
  readonly access: Access;
  readonly audit: Audit;
  readonly log: Logger;
}

/** Scripts and data from here alone. The board sets styles by itself, on elements and in style tags. */
const BOARD_CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const UI_CONFIG: UIConfig = {
  boardTitle: 'BigBrotr',
  hideDocsLink: true,
  hideRedisDetails: true,
  showMetrics: true,
  sortQueues: false,
  overview: { groupByDelimiter: true },
  miscLinks: [
    { text: 'API', url: '/docs' },
    { text: 'Metrics', url: '/metrics' },
  ],
};

/** Bull Board, for whoever may see it; whoever may only look gets queues that are read-only. */
export async function mountBoard(app: FastifyInstance, names: readonly string[], modules: BoardModules): Promise<void> {
  const serverAdapter = createBoardAdapter();
  const queues = names.map((name) => new BoardQueue(name, { readOnly: false }, modules));
  createBullBoard({ queues, serverAdapter, options: { uiConfig: UI_CONFIG } });
  const own = byName(queues);
  const readOnly = byName(names.map((name) => new BoardQueue(name, { readOnly: true }, modules)));
  await app.register(
    async (scope) => {
      const actors = guard(scope, modules);
      await serverAdapter.mount(scope, (request) => (actors.get(request) === 'viewer' ? readOnly : own));
    },
    { prefix: BOARD_PATH },
  );
}

/** One rule for all that is below this path, whatever routes the board has: who may look, who may act, and a note of each act. */
function guard(scope: FastifyInstance, { access, audit, backend, log }: BoardModules): WeakMap<FastifyRequest, Actor> {
  const actors = new WeakMap<FastifyRequest, Actor>();
  const sendProblem = createProblemSender({ log }, toBoardError);
  scope.addHook('onRequest', (request, reply, done) => {
    reply.header('content-security-policy', BOARD_CSP);
    actors.set(request, access.admit(request, isAct(request) ? 'operator' : 'viewer'));
    done();
  });
  scope.addHook('preHandler', async (request, reply) => {
    const actor = actors.get(request);
    if (!isAct(request) || actor === undefined) return;
    await audit.note({ actor, action: actionOf(request), target: targetOf(request.params) }, request, reply);
  });
  scope.setErrorHandler(async (error, request, reply) => {
    const problem = problemOf(error);
    // The board talks to the backend without our words for its faults.
    const isAway = problem.status === 500 && !(await backend.ping(1_000));
    return sendProblem(reply, isAway ? queueAway(error) : problem, request);
  });
  return actors;
}

function isAct({ method }: FastifyRequest): boolean {
  return method !== 'GET' && method !== 'HEAD';
}

/** `board put pause`, `board put clean`: the route without its parameters. */
function actionOf({ method, routeOptions }: FastifyRequest): string {
  const words = (routeOptions.url ?? '')
    .replace(`${BOARD_PATH}/api/queues`, '')
    .split('/')
    .filter((part) => part !== '' && !part.startsWith(':'));
  return ['board', method.toLowerCase(), ...words].join(' ');
}

function targetOf(params: unknown): string {
  return typeof params === 'object' && params !== null ? Object.values(params).join('/') : '';
}

/** The board shows `message` below the headline that `error.key` stands for. */
function toBoardError(problem: HttpProblem): object {
  const key =
    problem.status >= 500
      ? 'ERRORS.INTERNAL_SERVER_ERROR'
      : problem.status === 403
        ? 'ERRORS.FORBIDDEN'
        : 'ERRORS.INVALID_REQUEST_BODY';
  return { ...problem.document(), error: { key }, message: problem.message };
}

function byName(queues: readonly BoardQueue[]): BullBoardQueues {
  return new Map(queues.map((queue) => [queue.getName(), queue]));
}
