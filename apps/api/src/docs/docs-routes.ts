import type { FastifyInstance } from 'fastify';

import { etagOf, isFresh } from '../http/conditional.js';
import type { Route } from '../http/route.js';
import { DOCS_CSP, renderDocsPage } from './docs-page.js';
import { describeApi } from './openapi.js';

/** Both are made once: they change with the release alone. */
export function mountDocs(app: FastifyInstance, routes: readonly Route[], version: string): void {
  const document = describeApi(routes, version);
  const json = `${JSON.stringify(document, undefined, 2)}\n`;
  const etag = etagOf(json);
  const html = renderDocsPage(document);
  app.get('/openapi.json', (request, reply) => {
    reply.headers({ etag, 'cache-control': 'public, max-age=300', 'access-control-allow-origin': '*' });
    if (isFresh(request.headers['if-none-match'], etag)) return reply.status(304).send();
    return reply.type('application/json; charset=utf-8').send(json);
  });
  app.get('/docs', (_request, reply) =>
    reply
      .headers({ 'content-security-policy': DOCS_CSP, 'cache-control': 'public, max-age=300' })
      .type('text/html; charset=utf-8')
      .send(html),
  );
  app.get('/', (_request, reply) => reply.redirect('/docs'));
}
