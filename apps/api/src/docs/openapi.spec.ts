import { beforeAll, afterAll, describe, expect, it } from '@jest/globals';
import { migrate } from '@bigbrotr/core';
import { createTestDatabase, type TestDatabase } from '@bigbrotr/testing';

import { openSpecApi, type SpecApi } from '../spec-api.js';
import type { OpenApiDocument } from './openapi.js';

describe('describeApi', () => {
  let database: TestDatabase;
  let spec: SpecApi;
  let document: OpenApiDocument;

  beforeAll(async () => {
    database = await createTestDatabase(migrate);
    spec = await openSpecApi({ databaseUrl: database.url });
    document = (await spec.json('/openapi.json'))[1] as OpenApiDocument;
  });

  afterAll(async () => {
    await spec.close();
    await database.drop();
  });

  const operations = () =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    );

  it('lists every endpoint', () => {
    expect(operations().map(({ method, path }) => `${method} ${path}`)).toEqual([
      'get /v1/relays',
      'get /v1/relays/{id}',
      'get /v1/relays/{id}/metadata',
      'get /v1/relays/{id}/coverage',
      'get /v1/events',
      'get /v1/events/{id}',
      'get /v1/stats',
      'post /v1/jobs',
      'get /v1/jobs/{id}',
      'delete /v1/jobs/{id}',
      'post /v1/jobs/{id}/retry',
      'get /v1/jobs/{id}/events',
      'get /v1/queues',
      'post /v1/queues/{name}/pause',
      'post /v1/queues/{name}/resume',
      'get /v1/failures',
      'post /v1/failures/{id}/redrive',
      'post /v1/failures/{id}/discard',
    ]);
  });

  it('serves what it lists, by the method that it lists', async () => {
    for (const { method, path } of operations()) {
      const { status } = await spec.ask(path.replace(/\{\w+\}/g, 'x'), { method: method.toUpperCase() });
      expect([method, path, status]).not.toEqual([method, path, 405]);
    }
  });

  it('has no reference that leads nowhere', () => {
    const text = JSON.stringify(document);
    const named = Object.keys(document.components['schemas'] as object);

    for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) expect(named).toContain(name);
    expect(/\$defs|\$schema|describedAs|unlisted|9007199254740991/.exec(text)?.[0]).toBeUndefined();
  });

  it('names every parameter of a path, and gives each operation a name of its own', () => {
    for (const { path, operation } of operations()) {
      const named = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path').map(({ name }) => name);
      expect(named).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
    }
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('says what a value is, not how it travels', () => {
    const { parameters = [] } = document.paths['/v1/events']!['get']!;
    const schemaOf = (name: string) => parameters.find((parameter) => parameter.name === name)?.schema;

    expect(schemaOf('limit')).toEqual({ type: 'integer', minimum: 1, maximum: 500, default: 100 });
    expect(schemaOf('kinds')).toMatchObject({ type: 'array', items: { type: 'integer' } });
    expect(schemaOf('expired')).toEqual({ type: 'boolean' });
    expect(schemaOf('tag.e')).toMatchObject({ type: 'array' });
  });

  it('tells which endpoints need the token', () => {
    const open = operations()
      .filter(({ operation }) => !operation.security)
      .map(({ method, path }) => `${method} ${path}`);

    expect(open.filter((name) => !name.startsWith('get '))).toEqual([]);
    expect(open).not.toContain('get /v1/failures');
    expect(document.components['securitySchemes']).toMatchObject({ bearer: { type: 'http' }, basic: { type: 'http' } });
  });

  it('says that every problem is one', () => {
    for (const { operation } of operations()) {
      for (const [status, { content }] of Object.entries(operation.responses)) {
        if (Number(status) >= 400) expect(Object.keys(content ?? {})).toEqual(['application/problem+json']);
      }
    }
  });

  it('answers as it says', async () => {
    const answers = await Promise.all(
      ['/v1/relays', '/v1/events', '/v1/stats', '/v1/queues', '/v1/failures'].map((path) => spec.json(path)),
    );

    expect(answers.map(([status]) => status)).toEqual([200, 200, 200, 200, 200]);
    const { properties, required } = (
      document.components['schemas'] as Record<string, { properties: object; required: string[] }>
    )['Stats']!;
    expect(Object.keys(answers[2]![1] as object).sort()).toEqual(Object.keys(properties).sort());
    expect(required.sort()).toEqual(Object.keys(properties).sort());
  });

  it('makes a page for people of it, that asks nobody for anything', async () => {
    const response = await spec.ask('/docs');
    const html = await response.text();

    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(html).not.toMatch(/<script|<link|src=|url\(|@import/);
    for (const { path } of operations()) expect(html).toContain(`<code>${path}</code>`);
  });

  it('is fetched again only when it changed', async () => {
    const etag = (await spec.ask('/openapi.json')).headers.get('etag') ?? '';

    expect((await spec.ask('/openapi.json', { headers: { 'if-none-match': etag } })).status).toBe(304);
  });

  it('is where the front door leads', async () => {
    const response = await spec.ask('/', { redirect: 'manual' });

    expect([response.status, response.headers.get('location')]).toEqual([302, '/docs']);
  });
});
