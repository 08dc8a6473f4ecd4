import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type {
  AppControllerRoute,
  AppViewRoute,
  BullBoardQueues,
  IServerAdapter,
  UIConfig,
} from '@bull-board/api/typings/app';
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { HttpProblem } from '../http/http-problem.js';
import { renderBoardPage } from './board-page.js';
import { listStaticFiles } from './static-files.js';

/** What the board hands to its server, one setter at a time. */
interface BoardParts {
  views?: string;
  statics?: { readonly route: string; readonly directory: string };
  page?: AppViewRoute;
  routes?: readonly AppControllerRoute[];
  uiConfig?: UIConfig;
}

export interface BoardAdapter extends IServerAdapter {
  /** Mounts what the board handed over, below the prefix of `app`. Each request gets the queues that are for it. */
  mount(app: FastifyInstance, queuesFor: (request: FastifyRequest) => BullBoardQueues): Promise<void>;
}

/**
 * The board's own adapter for fastify leaves no say in the page, the headers and the errors; this one serves the same
 * routes by the rules of our server.
 */
export function createBoardAdapter(): BoardAdapter {
  const parts: BoardParts = {};
  const adapter: BoardAdapter = {
    setViewsPath: (views) => set({ views }),
    setStaticPath: (route, directory) => set({ statics: { route, directory } }),
    setEntryRoute: (page) => set({ page }),
    setApiRoutes: (routes) => set({ routes }),
    setUIConfig: (uiConfig) => set({ uiConfig }),
    setQueues: () => adapter, // chosen by request
    setErrorHandler: () => adapter, // theirs shows the message of anything that was thrown
    async mount(app, queuesFor) {
      const { views, statics, page, routes, uiConfig = {} } = parts;
      if (!views || !statics || !page || !routes) throw new Error('a board without its parts');
      for (const route of routes) mountRoute(app, route, uiConfig, queuesFor);
      await mountPage(app, page, views, uiConfig);
      await mountFiles(app, statics);
    },
  };
  function set(part: BoardParts): BoardAdapter {
    Object.assign(parts, part);
    return adapter;
  }
  return adapter;
}

function mountRoute(
  app: FastifyInstance,
  controller: AppControllerRoute,
  uiConfig: UIConfig,
  queuesFor: (request: FastifyRequest) => BullBoardQueues,
): void {
  for (const url of asList(controller.route)) {
    app.route({
      method: asList(controller.method).map((name) => name.toUpperCase()),
      url,
      handler: async (request, reply) => {
        const answer = await controller.handler({
          queues: queuesFor(request),
          uiConfig,
          query: request.query as Record<string, unknown>,
          params: request.params as Record<string, unknown>,
          body: (request.body ?? {}) as Record<string, unknown>,
          headers: request.headers as Record<string, string | undefined>,
        });
        const { status = 200, body } = answer;
        return reply
          .status(status)
          .header('cache-control', 'no-store')
          .send(status === 204 ? undefined : body);
      },
    });
  }
}

async function mountPage(app: FastifyInstance, page: AppViewRoute, views: string, uiConfig: UIConfig): Promise<void> {
  const view = page.handler({ basePath: app.prefix, uiConfig });
  const html = renderBoardPage(await readFile(join(views, view.name), 'utf8'), view);
  for (const url of asList(page.route)) {
    app.get(url, (_request, reply) =>
      reply.type('text/html; charset=utf-8').header('cache-control', 'no-store').send(html),
    );
  }
}

async function mountFiles(
  app: FastifyInstance,
  { route, directory }: { readonly route: string; readonly directory: string },
): Promise<void> {
  const files = await listStaticFiles(directory);
  app.get<{ Params: { '*': string } }>(`${route}/*`, async (request, reply) => {
    const file = files.get(request.params['*']);
    if (!file) throw new HttpProblem(404, 'not-found', 'The board has no such file.');
    const age = file.immutable ? 'private, max-age=31536000, immutable' : 'private, max-age=3600';
    return reply
      .type(file.type)
      .header('cache-control', age)
      .send(await file.read());
  });
}

function asList<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}
