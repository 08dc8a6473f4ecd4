import { createHash } from 'node:crypto';

import { escapeHtml } from '../http/escape-html.js';
import type { JsonSchema } from './json-schema.js';
import type { OpenApiDocument, OpenApiOperation, OpenApiParameter } from './openapi.js';

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --get: #2563eb; --post: #15803d; --delete: #b91c1c }
* { box-sizing: border-box }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 62rem; padding: 1.5rem }
h1 { margin: 0 0 .5rem } h2 { margin: 2.5rem 0 .5rem; text-transform: capitalize }
nav { margin: 1rem 0 } nav a { margin-right: 1rem }
a { color: inherit }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .5rem 0 }
summary { cursor: pointer; padding: .6rem .9rem; display: flex; gap: .8rem; align-items: baseline; flex-wrap: wrap }
details > div { padding: 0 .9rem .9rem }
.method { color: #fff; border-radius: .3rem; font: 600 .8rem ui-monospace, monospace; padding: .1rem .5rem; min-width: 4.2rem; text-align: center }
.get { background: var(--get) } .post { background: var(--post) } .delete { background: var(--delete) }
code, pre { font-family: ui-monospace, monospace; font-size: .9rem }
pre { background: var(--soft); border-radius: .4rem; padding: .7rem; overflow-x: auto }
.key { border: 1px solid var(--line); border-radius: .3rem; font-size: .75rem; padding: 0 .4rem }
.scroll { overflow-x: auto } table { border-collapse: collapse; width: 100% }
td, th { border-top: 1px solid var(--line); padding: .35rem .6rem .35rem 0; text-align: left; vertical-align: top }
`;

/** Names the one style that the page may have; it has no script. */
export const DOCS_CSP = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; frame-ancestors 'none'`;

/** The document for people: one page, nothing fetched, readable without a script. */
export function renderDocsPage(document: OpenApiDocument): string {
  const { info, paths, components } = document;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const tags = [...new Set(operations.flatMap(({ operation }) => operation.tags))];
  const sections = tags.map((tag) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(tag));
    return `<h2 id="${escapeHtml(tag)}">${escapeHtml(tag)}</h2>${own.map(renderOperation).join('')}`;
  });
  const schemas = Object.entries((components['schemas'] ?? {}) as Record<string, JsonSchema>).map(
    ([name, schema]) =>
      `<details id="schema-${escapeHtml(name)}"><summary><code>${escapeHtml(name)}</code></summary><div>${renderJson(schema)}</div></details>`,
  );
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(info.title)} API</title><style>${STYLE}</style></head>
<body><h1>${escapeHtml(info.title)} API</h1><p>${prose(info.description)}</p>
<nav>${tags.map((tag) => `<a href="#${escapeHtml(tag)}">${escapeHtml(tag)}</a>`).join('')}<a href="#schemas">schemas</a><a href="/openapi.json">openapi.json</a><a href="/queues">dashboard</a></nav>
${sections.join('')}<h2 id="schemas">schemas</h2>${schemas.join('')}
</body></html>
`;
}

function renderOperation({
  path,
  method,
  operation,
}: {
  path: string;
  method: string;
  operation: OpenApiOperation;
}): string {
  const { summary, description, parameters = [], requestBody, responses, security } = operation;
  const body = Object.values(requestBody?.content ?? {}).map(({ schema }) => `<h4>Body</h4>${renderJson(schema)}`);
  return `<details><summary><span class="method ${method}">${method.toUpperCase()}</span><code>${escapeHtml(path)}</code>
<span>${escapeHtml(summary)}</span>${security ? '<span class="key">operator</span>' : ''}</summary><div>
${description === undefined ? '' : `<p>${prose(description)}</p>`}
<pre>${escapeHtml(exampleOf(path, method, operation))}</pre>
${parameters.length > 0 ? renderParameters(parameters) : ''}${body.join('')}
<h4>Answers</h4><div class="scroll"><table>${Object.entries(responses).map(renderResponse).join('')}</table></div></div></details>
`;
}

function renderParameters(parameters: readonly OpenApiParameter[]): string {
  const rows = parameters.map(
    ({ name, in: place, required, description = '', schema }) =>
      `<tr><td><code>${escapeHtml(name)}</code></td><td>${place}${required ? ', required' : ''}</td><td><code>${escapeHtml(brief(schema))}</code></td><td>${prose(description)}</td></tr>`,
  );
  return `<h4>Parameters</h4><div class="scroll"><table>${rows.join('')}</table></div>`;
}

function renderResponse([status, { description, content = {} }]: [
  string,
  OpenApiOperation['responses'][string],
]): string {
  const shapes = Object.entries(content).map(
    ([type, { schema }]) => `<code>${escapeHtml(type)}</code> ${schema ? link(schema) : ''}`,
  );
  return `<tr><td><code>${escapeHtml(status)}</code></td><td>${prose(description)}</td><td>${shapes.join('<br>')}</td></tr>`;
}

function link(schema: JsonSchema): string {
  const name = typeof schema['$ref'] === 'string' ? schema['$ref'].split('/').at(-1) : undefined;
  if (name !== undefined) return `<a href="#schema-${escapeHtml(name)}">${escapeHtml(name)}</a>`;
  const items = (schema as { properties?: { items?: { items?: JsonSchema } } }).properties?.items?.items;
  return items
    ? `{items: [${link(items)}], next}`
    : `<details><summary>shape</summary><div>${renderJson(schema)}</div></details>`;
}

function renderJson(value: JsonSchema): string {
  return `<pre>${escapeHtml(JSON.stringify(value, undefined, 2))}</pre>`;
}

function brief(schema: JsonSchema): string {
  const {
    type,
    enum: choices,
    items,
    default: standard,
  } = schema as { type?: string; enum?: string[]; items?: JsonSchema; default?: unknown };
  if (choices) return choices.join(' | ');
  if (items) return `${brief(items)}, …`;
  return `${type ?? 'string'}${standard === undefined ? '' : ` = ${JSON.stringify(standard)}`}`;
}

const SAMPLE_BODY = `{"kind":"validate","relay":"wss://relay.example"}`;

function exampleOf(path: string, method: string, { requestBody, security, operationId }: OpenApiOperation): string {
  const parts = ['curl'];
  if (operationId.endsWith('Events') && path.endsWith('/events') && path.includes('{id}')) parts.push('-N');
  if (method !== 'get') parts.push(`-X ${method.toUpperCase()}`);
  if (security) parts.push('-H "Authorization: Bearer $BIGBROTR_API_TOKEN"');
  if (requestBody) parts.push(`-H 'content-type: application/json' -d '${SAMPLE_BODY}'`);
  return `${parts.join(' ')} "http://127.0.0.1:8080${path}"`;
}

/** Our own sentences: backticks become code. */
function prose(text: string): string {
  return escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}
