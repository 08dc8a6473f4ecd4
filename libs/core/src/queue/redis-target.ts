import { QueueError } from './queue-error.js';

export interface RedisTarget {
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  /** Several nodes are a cluster's entry points. */
  readonly cluster: boolean;
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly db: number;
  /** For messages: hosts and ports, no secret. */
  readonly label: string;
}

/** `redis://[user:password@]host[:port][/db]`, `rediss://…`, or several of them (or bare `host:port`) with commas: a cluster. */
export function parseRedisUrl(redisUrl: string): RedisTarget {
  const [first = '', ...others] = redisUrl.split(',').map((part) => part.trim());
  const main = parse(first);
  const urls = [main, ...others.map((part) => parse(part.includes('://') ? part : `${main.protocol}//${part}`))];
  const nodes = urls.map((url) => ({ host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 6379) }));
  const db = Number(main.pathname.slice(1) || 0);
  if (!Number.isInteger(db) || (nodes.length > 1 && db !== 0)) {
    throw new QueueError('queue-config', 'REDIS_URL: the path is a database number, and a cluster has none.');
  }
  return {
    nodes,
    cluster: nodes.length > 1,
    tls: main.protocol === 'rediss:',
    ...(main.username && { username: decodeURIComponent(main.username) }),
    ...(main.password && { password: decodeURIComponent(main.password) }),
    db,
    label: nodes.map(({ host, port }) => `${host}:${port}`).join(','),
  };
}

function parse(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed?.hostname || !['redis:', 'rediss:'].includes(parsed.protocol)) {
    throw new QueueError(
      'queue-config',
      'REDIS_URL must look like redis://host:6379 or rediss://user:password@host:6379; the nodes of a cluster go with commas.',
    );
  }
  return parsed;
}
