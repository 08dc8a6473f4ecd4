import { Duration } from '@bigbrotr/core';
import { z } from 'zod';

const Check = z.boolean().default(true);

export const MonitorConfig = z.strictObject({
  /** From one look at a relay to the next. */
  interval: Duration.prefault('1h'),
  /** First wait after a relay was not there; doubles up to `maxInterval`. */
  retry: Duration.prefault('5m'),
  maxInterval: Duration.prefault('24h'),
  /** Of one host, over the whole fleet. */
  connectionsPerHost: z.int().min(1).max(100).default(2),
  /** What is looked at, besides the connection itself. */
  checks: z.strictObject({ nip11: Check, ssl: Check, dns: Check, http: Check }).prefault({}),
});
export type MonitorConfig = z.output<typeof MonitorConfig>;
