import { getDomain } from 'tldts';

import type { Network } from './network.js';
import { networkOfHost } from './relay-host.js';
import { DEFAULT_PORTS, type RelayUrl } from './relay-url.js';

export interface RelayUrlParts {
  readonly scheme: 'ws' | 'wss';
  /** What DNS, TLS and a socket want: no brackets around IPv6. */
  readonly host: string;
  readonly port: number;
  /** `/` for the root. */
  readonly path: string;
  readonly network: Network;
  /** `host:port`, IPv6 in brackets. */
  readonly hostKey: string;
  /** Absent for IP addresses and local names. See {@link registrableDomain}. */
  readonly registrableDomain?: string;
}

export function relayUrlParts(url: RelayUrl): RelayUrlParts {
  const { scheme, host, port, path } = takeApart(url);
  const network = networkOfHost(host);
  const domain = registrableDomain(host);
  return {
    scheme,
    host: host.startsWith('[') ? host.slice(1, -1) : host,
    port,
    path: path === '' ? '/' : path,
    network,
    hostKey: `${host}:${port}`,
    ...(domain !== undefined && { registrableDomain: domain }),
  };
}

/** `host:port` of a relay, IPv6 in brackets: relays that share it share a server. */
export function relayHostKey(url: RelayUrl): string {
  const { host, port } = takeApart(url);
  return `${host}:${port}`;
}

/**
 * The part of a canonical host name that one owner stands behind, so that endless subdomains count as one:
 * a domain below a public suffix (the private part of the list included: customers of a hoster are strangers to each
 * other), an onion service, an I2P destination. A public suffix itself is its own owner.
 */
export function registrableDomain(host: string): string | undefined {
  switch (networkOfHost(host)) {
    case 'clearnet':
      return /^\[|\.\d+$/.test(host) ? undefined : (getDomain(host, SUFFIX_LIST) ?? host);
    case 'tor':
    case 'i2p':
      return host.endsWith('.b32.i2p') ? host : host.split('.').slice(-2).join('.');
    case 'loki':
      return host;
    case 'local':
      return undefined;
  }
}

/** The URL as NIP-66 writes it into `d` tags: the root has a slash. */
export function discoveryUrl(url: RelayUrl): string {
  return takeApart(url).path === '' ? `${url}/` : url;
}

const SUFFIX_LIST = { allowPrivateDomains: true, detectIp: false, extractHostname: false, validateHostname: false };

const CANONICAL = /^(wss?):\/\/(\[[^\]]+\]|[^:/]+)(?::(\d+))?(.*)$/;

function takeApart(url: RelayUrl): { scheme: 'ws' | 'wss'; host: string; port: number; path: string } {
  const [, written, host, port, path] = CANONICAL.exec(url) ?? [];
  if (host === undefined || path === undefined) throw new TypeError('not a canonical relay URL');
  const scheme = written === 'ws' ? 'ws' : 'wss';
  return { scheme, host, port: port === undefined ? DEFAULT_PORTS[scheme] : Number(port), path };
}
