import { Resolver } from 'node:dns/promises';
import { stamp } from './stamp.js';

const QUERY_TIMEOUT_MS = 2500;
const TRIES = 2;

/** A resolver for one piece of work: its queries are cancelled as soon as the signal fires. */
export function createResolver(servers: readonly string[] | undefined, signal: AbortSignal): Resolver {
  const resolver = stamp(new Resolver({ timeout: QUERY_TIMEOUT_MS, tries: TRIES }));
  if (servers) resolver.setServers(servers);
  // The listener goes with the signal, which is a Deadline's and lives as long as the work.
  signal.addEventListener('abort', () => resolver.cancel(), { once: true });
  return resolver;
}
