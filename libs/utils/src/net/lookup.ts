import { lookup as systemLookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import type { Network } from '@bigbrotr/models';
import { codeOf } from './classify-failure.js';
import { createResolver } from './dns-resolver.js';
import { stamp } from './stamp.js';

/** All addresses of a name, best first. Rejects with a Node DNS error, or with the signal's reason as soon as it fires. */
export type Lookup = (host: string, query: LookupQuery) => Promise<readonly string[]>;

export interface LookupQuery {
  readonly network: Network;
  readonly signal: AbortSignal;
}

/**
 * The system's view of a name: the hosts file, then DNS; `local` names by whatever else the system uses (mDNS …).
 *
 * Clearnet names do not go through getaddrinfo, because Node runs that on two threads of its pool: a few dead name
 * servers would hold up every other look-up until healthy relays seem to time out. It is asked only where no DNS server
 * answers at all. IPv4 goes first: a host without IPv6 would waste a part of each deadline.
 */
export function createLookup(dnsServers: readonly string[] | undefined): Lookup {
  return async (host, { network, signal }) => {
    if (network === 'local') return lookupBySystem(host, signal);
    const pinned = addressesInHosts(await readFile('/etc/hosts', 'utf8').catch(() => ''), host);
    if (pinned.length > 0) return pinned;
    signal.throwIfAborted();
    const resolver = createResolver(dnsServers, signal);
    const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    signal.throwIfAborted();
    const addresses = alternate(...answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : [])));
    if (addresses.length > 0) return addresses;
    const error: unknown = answers.find((answer) => answer.status === 'rejected')?.reason;
    if (codeOf(error) === 'ECONNREFUSED') return lookupBySystem(host, signal);
    if (error !== undefined) throw error as Error;
    return [];
  };
}

/** getaddrinfo. It cannot be cancelled, only left alone. */
export async function lookupBySystem(host: string, signal: AbortSignal): Promise<readonly string[]> {
  signal.throwIfAborted();
  const answers = await abandonOn(signal, systemLookup(host, stamp({ all: true } as const)));
  return answers.map(({ address }) => address);
}

/** The addresses that a hosts file gives to a name. */
export function addressesInHosts(hosts: string, name: string): string[] {
  return hosts.split('\n').flatMap((line) => {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    return address !== undefined && names.some((alias) => alias.toLowerCase() === name) ? [address] : [];
  });
}

function alternate<T>(first: readonly T[] = [], second: readonly T[] = []): T[] {
  const longest = Math.max(first.length, second.length);
  return Array.from({ length: longest }, (_, index) => [
    ...first.slice(index, index + 1),
    ...second.slice(index, index + 1),
  ]).flat();
}

async function abandonOn<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (onAbort) signal.removeEventListener('abort', onAbort);
  }
}
