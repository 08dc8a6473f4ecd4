import { Duration } from '@bigbrotr/core';
import { z } from 'zod';

const ApiSource = z.strictObject({
  /** Shown where a URL was found. */
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,59}$/),
  url: z.url({ protocol: /^https?$/ }),
  /** Where the list stands in the answer, e.g. `data.relays`; absent: the answer is the list. */
  path: z.string().min(1).optional(),
  /** Which field of an entry holds the URL; absent: entries are strings. */
  field: z.string().min(1).optional(),
  interval: Duration.prefault('6h'),
  enabled: z.boolean().default(true),
});
export type ApiSource = z.output<typeof ApiSource>;

export const FinderConfig = z.strictObject({
  mentions: z
    .strictObject({
      interval: Duration.prefault('10s'),
      /** Mentions looked at in one transaction. */
      batch: z.int().min(1).max(10_000).default(1_000),
    })
    .prefault({}),
  api: z
    .strictObject({
      /** Lists of relay URLs, read over HTTP. */
      sources: z
        .array(ApiSource)
        .refine((sources) => new Set(sources.map((s) => s.name)).size === sources.length, {
          error: 'two sources have the same name',
        })
        .default([]),
      timeout: Duration.prefault('30s'),
      maxBytes: z
        .int()
        .min(1_024)
        .max(64 * 1024 * 1024)
        .default(5 * 1024 * 1024),
    })
    .prefault({}),
});
export type FinderConfig = z.output<typeof FinderConfig>;
