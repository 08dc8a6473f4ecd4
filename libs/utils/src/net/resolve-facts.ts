import { parseRelayHost, registrableDomain, type DnsFacts } from '@bigbrotr/models';
import { createResolver } from './dns-resolver.js';

/** A name server may send hundreds of records; nobody reads on after these. */
const MAX_RECORDS = 32;

/** An address stands between brackets or ends in a number. */
const NOT_A_NAME = /^\[|\.\d+$/;

/**
 * What DNS knows of a clearnet name. Asks nothing about other names, because an overlay's or a private name must not
 * leak into DNS. Stops with what it has when the signal fires.
 */
export async function resolveFactsOf(
  host: string,
  dnsServers: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<DnsFacts | undefined> {
  const parsed = parseRelayHost(host);
  if (!parsed.ok || parsed.network !== 'clearnet' || NOT_A_NAME.test(parsed.host)) return undefined;
  const name = parsed.host;
  const resolver = createResolver(dnsServers, signal);
  const zone = registrableDomain(name) ?? name;
  const [v4, v6, aliases, servers] = await Promise.all([
    ask(signal, () => resolver.resolve4(name, { ttl: true })),
    ask(signal, () => resolver.resolve6(name, { ttl: true })),
    ask(signal, () => resolver.resolveCname(name)),
    ask(signal, () => resolver.resolveNs(zone)),
  ]);
  const addresses = [...v4, ...v6];
  const first = addresses.at(0);
  const pointers = first ? await ask(signal, () => resolver.reverse(first.address)) : [];
  const facts = {
    a: v4.map(({ address }) => address),
    aaaa: v6.map(({ address }) => address),
    ns: servers.toSorted(),
    ...(first ? { ttl: Math.min(...addresses.map(({ ttl }) => ttl)) } : {}),
    ...(aliases[0] === undefined ? {} : { cname: aliases[0] }),
    ...(pointers[0] === undefined ? {} : { ptr: pointers[0] }),
  };
  return first || aliases.length > 0 || servers.length > 0 ? facts : undefined;
}

/** The records, or none: that a server does not answer is no error of ours. */
async function ask<T>(signal: AbortSignal, query: () => Promise<readonly T[]>): Promise<readonly T[]> {
  // A resolver that was cancelled would start anew.
  if (signal.aborted) return [];
  try {
    return (await query()).slice(0, MAX_RECORDS);
  } catch {
    return [];
  }
}
