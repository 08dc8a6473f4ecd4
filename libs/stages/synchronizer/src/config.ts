import { Duration } from '@bigbrotr/core';
import { FilterSchema, parseRelayUrl } from '@bigbrotr/models';
import { z } from 'zod';

const RelayOverride = z.strictObject({
  url: z.string().refine((url) => parseRelayUrl(url, { local: true }).ok, { error: 'must be the URL of a relay' }),
  /** Longest silence within an answer. */
  timeout: Duration.optional(),
  /** Events asked for at a time. */
  pageLimit: z.int().min(1).max(10_000).optional(),
  sliceBudget: Duration.optional(),
  disabled: z.boolean().default(false),
  /** Archive it although its certificate is invalid. */
  allowInsecure: z.boolean().default(false),
});
export type RelayOverride = z.output<typeof RelayOverride>;

const Rescan = z.strictObject({
  enabled: z.boolean().default(true),
  /** The youngest stretch of a relay's history, in which late events are most likely. */
  recent: Duration.prefault('7d'),
  /** How old a proof may grow there. */
  recentEvery: Duration.prefault('24h'),
  /** How old a proof may grow anywhere. */
  fullEvery: Duration.prefault('30d'),
});

export const SynchronizerConfig = z.strictObject({
  /** What to archive; everything by default. */
  filter: FilterSchema.prefault({}),
  /** From one complete pass over a relay to the next. */
  interval: Duration.prefault('10m'),
  /** What one job may take before it makes room for another relay. */
  sliceBudget: Duration.prefault('25s'),
  /** Events asked for at a time; a relay's own cap is learned. */
  pageLimit: z.int().min(1).max(10_000).default(500),
  /** The newest stretch that is asked for again every time, because relays take in late. */
  headOverlap: Duration.prefault('15m'),
  /** Of one host, over the whole fleet. */
  connectionsPerHost: z.int().min(1).max(100).default(2),
  /** How long what was learned about a relay's habits is believed. */
  habitsExpire: Duration.prefault('7d'),
  /** How long a second that is too dense to prove is left alone. */
  saturatedRetry: Duration.prefault('30d'),
  /** First wait within a slice before a question that failed is asked again. */
  retry: Duration.prefault('250ms'),
  /** How long a relay that asks for fewer requests is left alone. */
  coolDown: Duration.prefault('1m'),
  /** First wait after a failure; doubles up to `maxBackoff`. */
  backoff: Duration.prefault('10s'),
  maxBackoff: Duration.prefault('6h'),
  /** What was proven long ago is proven anew: relays take in events with old dates. */
  rescan: Rescan.prefault({}),
  overrides: z.array(RelayOverride).default([]),
});
export type SynchronizerConfig = z.output<typeof SynchronizerConfig>;
