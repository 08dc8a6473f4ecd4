import type { Route } from '../http/route.js';
import { createSchemaBook, type JsonSchema, type SchemaBook } from './json-schema.js';

export interface OpenApiParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
}

export interface OpenApiOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly OpenApiParameter[];
  readonly requestBody?: {
    readonly required: true;
    readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>>;
  };
  readonly responses: Readonly<Record<string, OpenApiResponse>>;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
}

export interface OpenApiResponse {
  readonly description: string;
  readonly content?: Readonly<Record<string, { readonly schema?: JsonSchema }>>;
}

export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: Readonly<Record<string, unknown>>;
}

const PROBLEM: JsonSchema = {
  type: 'object',
  description: 'RFC 9457. `code` is one word per cause.',
  required: ['type', 'title', 'status', 'code'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string' },
    detail: { type: 'string' },
  },
};
const PROBLEM_CONTENT = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
const JSON_TYPE = 'application/json';
const OPERATOR = [{ bearer: [] }, { basic: [] }];

/** The document of these routes, which validate by the same schemas. */
export function describeApi(routes: readonly Route[], version: string): OpenApiDocument {
  const book = createSchemaBook();
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describeRoute(route, book) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'BigBrotr',
      version,
      description:
        'Nostr relays, their health, and the events that they serve. Reads are public and give pages of `{items, next}`; `next` goes back as `cursor`. Mutations need the operator token.',
    },
    paths,
    components: {
      schemas: { Problem: PROBLEM, ...book.named },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        basic: { type: 'http', scheme: 'basic', description: 'The token as the password; the name is of no interest.' },
      },
    },
  };
}

function describeRoute(route: Route, book: SchemaBook): OpenApiOperation {
  const { method, path, summary, details, need, body } = route;
  const parameters = [...parametersOf(route, 'path', book), ...parametersOf(route, 'query', book), ...headersOf(route)];
  return {
    operationId: `${method.toLowerCase()}${path.replace(/\/v1|:/g, '').replace(/\/(\w)/g, (_, first: string) => first.toUpperCase())}`,
    summary,
    ...(details !== undefined && { description: details }),
    tags: [path.split('/')[2] ?? 'api'],
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, content: { [JSON_TYPE]: { schema: book.input(body) } } } }),
    responses: responsesOf(route, book),
    ...(need === 'operator' && { security: OPERATOR }),
  };
}

function parametersOf({ params, query }: Route, place: 'path' | 'query', book: SchemaBook): OpenApiParameter[] {
  const source = place === 'path' ? params : query;
  if (!source) return [];
  const { properties = {}, required = [] } = book.input(source) as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(typeof description === 'string' && { description }),
    schema,
    // Values between commas, which is how the lists are read.
    ...(schema['type'] === 'array' && !name.startsWith('tag.') && { style: 'form', explode: false }),
  }));
}

function headersOf({ method, path }: Route): OpenApiParameter[] {
  if (method !== 'POST' || path !== '/v1/jobs') return [];
  return [{ name: 'Idempotency-Key', in: 'header', required: false, schema: { type: 'string', maxLength: 200 } }];
}

function responsesOf({ answers, need, params, query, body }: Route, book: SchemaBook): Record<string, OpenApiResponse> {
  const responses: Record<string, OpenApiResponse> = {};
  if (params ?? query ?? body)
    responses['400'] = { description: 'A value that cannot be read; `errors` names each.', content: PROBLEM_CONTENT };
  if (need === 'operator') {
    responses['401'] = { description: 'No token, or one that is not known.', content: PROBLEM_CONTENT };
    responses['403'] = { description: 'Not with this token, or not from there.', content: PROBLEM_CONTENT };
  }
  for (const [status, { description, schema, types = [] }] of Object.entries(answers)) {
    const content = {
      ...(schema && { [JSON_TYPE]: { schema: book.output(schema) } }),
      ...Object.fromEntries(types.map((type) => [type, {}])),
    };
    responses[status] = { description, content: Number(status) >= 400 ? PROBLEM_CONTENT : content };
  }
  responses['429'] = { description: 'Too many requests; Retry-After says when.', content: PROBLEM_CONTENT };
  responses['503'] = {
    description: 'The database or the queue is away; Retry-After says when.',
    content: PROBLEM_CONTENT,
  };
  return responses;
}
