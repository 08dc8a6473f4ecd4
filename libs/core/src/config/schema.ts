import { z } from 'zod';

import { Duration } from './duration.js';

/** Text of a known form. The example is the advice that an error gives. */
function textLike(pattern: RegExp, expected: string, ...examples: string[]): z.ZodString {
  return z
    .string()
    .regex(pattern, { error: `expected ${expected}` })
    .meta({ examples });
}

export const DatabaseConfig = z.strictObject({
  /** Absent: only `up` and `demo` may start a server of their own. */
  url: textLike(
    /^postgres(?:ql)?:\/\/\S+$/,
    'a PostgreSQL URL',
    'postgres://user:password@host:5432/bigbrotr',
  ).optional(),
  pool: z.strictObject({ max: z.int().min(1).max(1000).default(10) }).prefault({}),
  timeouts: z
    .strictObject({
      connect: Duration.prefault('10s'),
      statement: Duration.prefault('60s'),
      /** An unused connection is closed after this. */
      idle: Duration.prefault('30s'),
    })
    .prefault({}),
  /** For failed connections only; a failed statement is not tried again. */
  retry: z
    .strictObject({
      attempts: z.int().min(1).max(100).default(5),
      minDelay: Duration.prefault('250ms'),
      maxDelay: Duration.prefault('5s'),
    })
    .prefault({}),
  // PostgreSQL cuts longer names off.
  applicationName: z.string().min(1).max(63).default('bigbrotr'),
});
export type DatabaseConfig = z.output<typeof DatabaseConfig>;

export const QUEUE_BACKENDS = ['redis', 'postgres'] as const;

export const QueueConfig = z.strictObject({
  /** Absent: Redis where there is a `redisUrl`. */
  backend: z.enum(QUEUE_BACKENDS).optional(),
  redisUrl: textLike(/^rediss?:\/\/\S+$/, 'a Redis URL', 'redis://:password@host:6379/0').optional(),
  /** A colon would split BullMQ's keys; braces are allowed, a Redis Cluster needs them. */
  prefix: textLike(/^[\w{}.-]{1,64}$/, 'letters, digits, and any of _ . - { }', 'bigbrotr').default('bigbrotr'),
});
export type QueueConfig = z.output<typeof QueueConfig>;

interface NetworkDefaults {
  readonly enabled: boolean;
  readonly maxTasks: number;
  readonly timeout: string;
}

function networkShape(defaults: NetworkDefaults) {
  return {
    enabled: z.boolean().default(defaults.enabled),
    proxyUrl: textLike(/^socks5h?:\/\/\S+$/, 'the URL of a SOCKS5 proxy', 'socks5h://127.0.0.1:9050').optional(),
    /** Limit of the whole fleet, not of one process. */
    maxTasks: z.int().min(1).max(100_000).default(defaults.maxTasks),
    /** For opening one connection. */
    timeout: Duration.prefault(defaults.timeout),
    /** Relays known to be up. When none of them answers we are offline; an empty list means that we never are. */
    canaries: z
      .array(textLike(/^wss?:\/\/\S+$/, 'the URL of a relay', 'wss://relay.example'))
      .max(32)
      .default([]),
  };
}

const NetworkConfig = z.strictObject(networkShape({ enabled: true, maxTasks: 200, timeout: '10s' }));
export type NetworkConfig = z.output<typeof NetworkConfig>;

const OverlayConfig = z
  .strictObject(networkShape({ enabled: false, maxTasks: 20, timeout: '60s' }))
  .superRefine(({ enabled, proxyUrl }, context) => {
    if (!enabled || proxyUrl !== undefined) return;
    context.addIssue({
      code: 'custom',
      path: ['proxyUrl'],
      message: 'is not set, and an enabled overlay is reached through its proxy alone',
    });
  });

const LocalConfig = z
  .strictObject({
    ...networkShape({ enabled: false, maxTasks: 200, timeout: '10s' }),
    /** Also admit local URLs that were discovered, not only those given by an operator. */
    discover: z.boolean().default(false),
  })
  .superRefine(({ canaries, proxyUrl }, context) => {
    if (canaries.length > 0)
      context.addIssue({ code: 'custom', path: ['canaries'], message: 'the local network has no canaries' });
    if (proxyUrl !== undefined)
      context.addIssue({ code: 'custom', path: ['proxyUrl'], message: 'the local network has no proxy' });
  });

/** One section per `Network` of the models. */
export const NetworksConfig = z.strictObject({
  clearnet: NetworkConfig.prefault({}),
  tor: OverlayConfig.prefault({}),
  i2p: OverlayConfig.prefault({}),
  loki: OverlayConfig.prefault({}),
  local: LocalConfig.prefault({}),
});
export type NetworksConfig = z.output<typeof NetworksConfig>;

export const ArchiveConfig = z.strictObject({
  /** `light` keeps neither tags nor content. */
  profile: z.enum(['full', 'light']).default('full'),
});
export type ArchiveConfig = z.output<typeof ArchiveConfig>;

/** What an event's own wish to be gone does: `record` marks it and keeps it, `apply` empties it. */
const Wish = z.enum(['record', 'apply']).default('record');

export const PolicyConfig = z.strictObject({
  /** NIP-40: keep expired events (marked, hidden from reads by default) or decline them. */
  expiration: z.enum(['keep', 'drop']).default('keep'),
  /** NIP-09. */
  deletion: Wish,
  /** NIP-62. */
  vanish: Wish,
});
export type PolicyConfig = z.output<typeof PolicyConfig>;

export const ApiConfig = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1'),
    /** Every role serves its health and metrics here. */
    port: z.int().min(0).max(65_535).default(8080),
    /** The operator's. */
    token: z.string().min(1).optional(),
    /** Reads the board, changes nothing. */
    viewerToken: z.string().min(1).optional(),
  })
  .superRefine(({ token, viewerToken }, context) => {
    if (token === undefined || token !== viewerToken) return;
    context.addIssue({ code: 'custom', path: ['viewerToken'], message: 'is the same as the operator token' });
  });
export type ApiConfig = z.output<typeof ApiConfig>;

export const WorkerConfig = z.strictObject({
  /** Jobs at once in one process. */
  concurrency: z.int().min(1).max(10_000).default(50),
});
export type WorkerConfig = z.output<typeof WorkerConfig>;

export const VerifyConfig = z.strictObject({
  engine: z.enum(['auto', 'native', 'wasm', 'js']).default('auto'),
});
export type VerifyConfig = z.output<typeof VerifyConfig>;

/** Paths of MaxMind databases; without one its facts are left out. */
export const GeoConfig = z.strictObject({
  countryDb: z.string().min(1).optional(),
  cityDb: z.string().min(1).optional(),
  asnDb: z.string().min(1).optional(),
});
export type GeoConfig = z.output<typeof GeoConfig>;

export const LogConfig = z.strictObject({
  level: z.enum(['error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** `auto`: on a terminal. */
  pretty: z.union([z.boolean(), z.literal('auto')]).default('auto'),
});
export type LogConfig = z.output<typeof LogConfig>;

export const NostrConfig = z.strictObject({
  /** Signs what we publish and answers NIP-42; absent: nothing is published. */
  privateKey: textLike(
    /^(?:[0-9a-f]{64}|nsec1[02-9ac-hj-np-z]{58})$/i,
    'a private key',
    '64 hex digits',
    'nsec1…',
  ).optional(),
});
export type NostrConfig = z.output<typeof NostrConfig>;
