import { Duration } from '@bigbrotr/core';
import { z } from 'zod';

export const ValidatorConfig = z.strictObject({
  /** First wait before a candidate that failed is tried again; doubles up to `maxInterval`. */
  interval: Duration.prefault('10m'),
  maxInterval: Duration.prefault('7d'),
  /** After so many failures a candidate is left alone. */
  maxFailures: z.int().min(1).max(1000).default(20),
  /** Of one host, over the whole fleet. */
  connectionsPerHost: z.int().min(1).max(100).default(2),
  /** Relays with an invalid certificate are relays, marked insecure; the synchronizer refuses them unless told otherwise. */
  allowInsecure: z.boolean().default(false),
});
export type ValidatorConfig = z.output<typeof ValidatorConfig>;
