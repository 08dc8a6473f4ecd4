import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';

import type { Access, Actor } from '../access/access.js';
import type { Audit } from '../access/audit.js';
import { etagOf, isFresh } from './conditional.js';
import { HttpProblem } from './http-problem.js';
import type { Method, Route } from './route.js';

export interface MountModules {
  readonly access: Access;
  readonly audit: Audit;
}

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
const CORS = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'ETag, Link, Retry-After',
};
const PREFLIGHT = {
  'access-control-allow-methods': 'GET, HEAD',
  'access-control-allow-headers': 'If-None-Match, Last-Event-ID',
  'access-control-max-age': '86400',
};

/** Serves the routes by their definitions, and answers 405 and OPTIONS for their paths. */
export function mountRoutes(app: FastifyInstance, routes: readonly Route[], modules: MountModules): void {
  for (const route of routes) mountRoute(app, route, modules);
  for (const [path, methods] of methodsByPath(routes)) mountOtherMethods(app, path, methods, routes);
}

function mountRoute(app: FastifyInstance, route: Route, { access, audit }: MountModules): void {
  const actors = new WeakMap<FastifyRequest, Actor>();
  app.route({
    method: route.method,
    url: route.path,
    exposeHeadRoute: route.streams !== true,
    onRequest: async (request, reply) => {
      if (isOpen(route)) reply.headers(CORS);
      if (route.need !== 'public') actors.set(request, access.admit(request, route.need));
    },
    handler: async (request, reply) => {
      const { params, query, body } = request;
      const input = route.read({ params, query, body });
      const actor = actors.get(request);
      if (route.action !== undefined && actor !== undefined) {
        await audit.note({ actor, action: route.action, target: targetOf(params) }, request, reply);
      }
      const { ip: client, headers, url } = request;
      return respond(
        route,
        request,
        reply,
        await route.answer(input, {
          reply,
          client,
          headers,
          url,
          mayKnow: access.mayKnow(request),
          ...(actor && { actor }),
        }),
      );
    },
  });
}

function respond(route: Route, request: FastifyRequest, reply: FastifyReply, answer: unknown): FastifyReply {
  // A stream has taken the connection over.
  if (reply.sent) return reply;
  const body = typeof answer === 'string' ? answer : JSON.stringify(answer);
  if (!reply.hasHeader('content-type')) reply.type('application/json; charset=utf-8');
  if (route.maxAge === undefined || reply.statusCode !== 200)
    return reply.header('cache-control', 'no-store').send(body);
  const etag = etagOf(body);
  reply.headers({ etag, 'cache-control': `public, max-age=${route.maxAge}` });
  return isFresh(request.headers['if-none-match'], etag) ? reply.status(304).send() : reply.send(body);
}

function mountOtherMethods(
  app: FastifyInstance,
  path: string,
  methods: readonly HTTPMethods[],
  routes: readonly Route[],
): void {
  const allow = methods.join(', ');
  const open = routes.some((route) => route.path === path && isOpen(route));
  app.options(path, (_request, reply) =>
    reply
      .headers({ allow, ...(open && { ...CORS, ...PREFLIGHT }) })
      .status(204)
      .send(),
  );
  const others = METHODS.filter((method) => !methods.includes(method));
  app.route({
    method: others,
    url: path,
    // Before a body is looked at.
    onRequest: () => {
      throw new HttpProblem(405, 'method', `Here only ${allow}.`, { headers: { allow } });
    },
    handler: () => undefined,
  });
}

function methodsByPath(routes: readonly Route[]): ReadonlyMap<string, HTTPMethods[]> {
  const byPath = new Map<string, HTTPMethods[]>();
  for (const { path, method, streams } of routes) {
    const methods = byPath.get(path) ?? [];
    methods.push(...withHead(method, streams === true));
    byPath.set(path, methods);
  }
  return byPath;
}

function withHead(method: Method, streams: boolean): HTTPMethods[] {
  return method === 'GET' && !streams ? ['GET', 'HEAD'] : [method];
}

/** Pages of other sites may read it. */
function isOpen({ need, method }: Route): boolean {
  return need === 'public' && method === 'GET';
}

/** The ids and names in the path. */
function targetOf(params: unknown): string {
  return typeof params === 'object' && params !== null ? Object.values(params).join('/') : '';
}
