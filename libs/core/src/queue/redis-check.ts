import type { Redis } from 'ioredis';

import { QueueError } from './queue-error.js';
import { primaries, type RedisClient } from './redis-clients.js';

/** 6.2: the first with every command that the queue's scripts use. Valkey starts above it. */
const MIN_VERSION = [6, 2] as const;

/** Refuses servers that would lose jobs; returns what could not be checked. */
export async function checkRedis(client: RedisClient): Promise<readonly string[]> {
  const warnings = await Promise.all(primaries(client).map(checkServer));
  return warnings.flat();
}

async function checkServer(server: Redis): Promise<string[]> {
  const info = await server.info();
  const version = field(info, 'redis_version') ?? '';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (
    field(info, 'valkey_version') === undefined &&
    (major < MIN_VERSION[0] || (major === MIN_VERSION[0] && minor < MIN_VERSION[1]))
  ) {
    throw new QueueError(
      'queue-version',
      `Redis ${version || 'of an unknown version'} is too old: ${MIN_VERSION.join('.')} or newer is needed.`,
      { version },
    );
  }
  const policy = field(info, 'maxmemory_policy') ?? (await configuredPolicy(server));
  if (policy === undefined) return ['maxmemory-policy cannot be read; it must be noeviction'];
  if (policy !== 'noeviction') {
    throw new QueueError(
      'queue-eviction',
      `Redis may evict jobs and locks (maxmemory-policy ${policy}). Set "maxmemory-policy noeviction" in redis.conf, or CONFIG SET maxmemory-policy noeviction, and do not share this Redis with a cache.`,
      { policy },
    );
  }
  return [];
}

/** Undefined when a managed service or an ACL forbids CONFIG. */
async function configuredPolicy(server: Redis): Promise<string | undefined> {
  try {
    const answer = await server.config('GET', 'maxmemory-policy');
    return Array.isArray(answer) ? String(answer[1]) : undefined;
  } catch {
    return undefined;
  }
}

function field(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
}
