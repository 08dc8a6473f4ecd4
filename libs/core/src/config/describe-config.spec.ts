import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import { appConfigSchema } from './app-config.js';
import { configJsonSchema, describeConfig } from './describe-config.js';
import { Duration } from './duration.js';
import { loadConfig } from './load-config.js';

const finder = {
  name: 'finder',
  config: z.strictObject({
    every: Duration.prefault('90m'),
    sources: z.array(z.strictObject({ url: z.string(), timeout: Duration.prefault('5s') })).default([]),
  }),
} as const;
const schema = appConfigSchema([finder]);
const env = {
  DATABASE_URL: 'postgres://brotr:S3CRET@db/bigbrotr',
  REDIS_URL: 'redis://:S3CRET@cache',
  BIGBROTR_API_TOKEN: 'S3CRET',
  BIGBROTR_VIEWER_TOKEN: 'S3CRET too',
  NOSTR_PRIVATE_KEY: '5'.repeat(64),
  BIGBROTR__FINDER__SOURCES: '[{"url":"https://api.example/?token=S3CRET"}]',
};

describe('describeConfig', () => {
  it('masks every secret and shows the rest', () => {
    const shown = describeConfig(loadConfig({ schema, env }), schema);

    expect(JSON.stringify(shown)).not.toMatch(/S3CRET|55555/);
    expect(shown).toMatchObject({
      database: { url: 'postgres://brotr:***@db/bigbrotr', pool: { max: 10 } },
      queue: { redisUrl: 'redis://:***@cache' },
      api: { token: '***', viewerToken: '***', port: 8080 },
      nostr: { privateKey: '***' },
    });
  });

  it('writes durations as they would stand in a file', () => {
    expect(describeConfig(loadConfig({ schema, env }), schema)).toMatchObject({
      database: { timeouts: { connect: '10s' } },
      finder: { every: '90m', sources: [{ timeout: '5s' }] },
    });
  });

  it('shows what loads again as the same configuration', () => {
    const config = loadConfig({ schema, env: {} });

    expect(loadConfig({ schema, env: {}, flags: describeConfig(config, schema) as Record<string, unknown> })).toEqual(
      config,
    );
  });
});

describe('configJsonSchema', () => {
  it('describes the file as it is written: durations are text, unknown keys are refused', () => {
    const document = configJsonSchema(schema);

    expect(document).toMatchObject({
      type: 'object',
      additionalProperties: false,
      properties: {
        finder: {
          additionalProperties: false,
          properties: { every: { type: 'string', default: '90m', examples: ['30s', '5m', '24h'] } },
        },
        api: { properties: { port: { type: 'integer', default: 8080, maximum: 65_535 } } },
      },
    });
    expect(document.required ?? []).toEqual([]);
  });
});
