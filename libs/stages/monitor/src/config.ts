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
  checks: z
    .strictObject({
      nip11: Check,
      ssl: Check,
      dns: Check,
      http: Check,
      /** Where its address is, and whose it is; each needs a database (`geo`). */
      geo: Check,
      net: Check,
      /** Sends an event of ours, which expires. Off: it leaves a trace on every relay. */
      write: z.boolean().default(false),
      /** Tries NIP-42, 45, 67 and 77, rather than to believe the document. */
      support: Check,
    })
    .prefault({}),
  /** From one trial of `write` and `support` to the next. */
  probeInterval: Duration.prefault('24h'),
  /** Most bits of work (NIP-13) that a write is worth. */
  maxPow: z.int().min(0).max(24).default(16),
  /** Looks in a row that must miss a relay before its status says so. */
  confirmations: z.int().min(1).max(100).default(2),
  /** Without a sign of life for so long a relay is dead. */
  deadAfter: Duration.prefault('30d'),
  /** What is found of a relay is published, where the publisher is enabled. */
  publish: z.boolean().default(true),
});
export type MonitorConfig = z.output<typeof MonitorConfig>;
