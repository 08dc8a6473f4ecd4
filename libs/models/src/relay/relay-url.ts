import type { Network } from './network.js';
import { parseRelayHost, type RelayHostRejection } from './relay-host.js';
import { canonicalPath } from './relay-path.js';

declare const brand: unique symbol;

/** A relay's URL in the one form in which we write it. Only {@link parseRelayUrl} makes one. */
export type RelayUrl = string & { readonly [brand]: 'RelayUrl' };

export type RelayUrlRejection =
  | RelayHostRejection
  | 'empty' // nothing but blanks
  | 'too-long' // more than 2,048 characters, before or after
  | 'scheme' // neither ws:// nor wss://
  | 'several-urls' // two URLs glued together; splitGluedUrls takes them apart
  | 'port'; // not a number from 1 to 65535

export type RelayUrlResult =
  | { readonly ok: true; readonly url: RelayUrl; readonly network: Network }
  | { readonly ok: false; readonly reason: RelayUrlRejection };

export interface RelayUrlOptions {
  /** Admit loopback and private hosts, as network `local`. Off unless the operator enabled that network. */
  readonly local?: boolean;
}

export const MAX_RELAY_URL_LENGTH = 2048;

/**
 * The URL law. Gives the canonical form of a relay's URL, or one word for why it is none. Never throws, and the
 * canonical form of a canonical form is itself.
 *
 * - clearnet is always wss (whoever dials may fall back), overlays are always ws, `local` keeps what was written;
 * - the scheme's default port goes, the root has no slash, other paths follow {@link canonicalPath};
 * - user, password, query and fragment are dropped.
 */
export function parseRelayUrl(input: string, options: RelayUrlOptions = {}): RelayUrlResult {
  const text = trimBlanks(input);
  if (text === '') return rejected('empty');
  if (text.length > MAX_RELAY_URL_LENGTH) return rejected('too-long');
  const [, scheme, authority, path] = URL_PARTS.exec(text) ?? [];
  if (scheme === undefined || authority === undefined || path === undefined) {
    return rejected(/^wss?:/i.test(text) ? 'no-host' : 'scheme');
  }
  if (isGlued(authority, path)) return rejected('several-urls');

  const target = splitAuthority(authority);
  if (target === undefined) return rejected(UNBRACKETED_IPV6.test(authority) ? 'ipv6-form' : 'port');
  const parsed = parseRelayHost(target.host);
  if (!parsed.ok) return parsed;
  const { host, network } = parsed;
  if (network === 'local' && options.local !== true) return rejected('local');
  const port = target.port === '' ? undefined : Number(target.port);
  if (port !== undefined && (port < 1 || port > 65_535)) return rejected('port');

  const kept = canonicalScheme(network, scheme);
  const url = `${kept}://${host}${port === undefined || port === DEFAULT_PORTS[kept] ? '' : `:${port}`}${canonicalPath(path)}`;
  return url.length > MAX_RELAY_URL_LENGTH ? rejected('too-long') : { ok: true, url: url as RelayUrl, network };
}

export const DEFAULT_PORTS = { ws: 80, wss: 443 } as const;

const URL_PARTS = /^(wss?):\/\/([^/?#]*)([^?#]*)/i;
const HOST_AND_PORT = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/;
const UNBRACKETED_IPV6 = /\[|^[\da-f]*:[\da-f]*:[\da-f:.]*$/i;

/** Blanks at either end, of the kinds that come with copied text: Unicode's, invisible ones, percent-encoded ones. */
function trimBlanks(input: string): string {
  const text = input.trim();
  if (text.length > MAX_RELAY_URL_LENGTH) return text;
  const start = LEADING_BLANKS.exec(text)?.[0].length ?? 0;
  // Backwards by hand: a pattern that is anchored at the end takes quadratic time on a run of blanks in the middle.
  let end = text.length;
  while (end > start) {
    if (BLANK.test(text.charAt(end - 1))) end -= 1;
    else if (ESCAPED_BLANK.test(text.slice(end - 3, end))) end -= 3;
    else break;
  }
  return text.slice(start, end);
}

const LEADING_BLANKS = /^(?:[\s\u200b-\u200d\u2060\ufeff]|%20|%09|%0a|%0d)+/i;
const BLANK = /[\s\u200b-\u200d\u2060\ufeff]/;
const ESCAPED_BLANK = /^(?:%20|%09|%0a|%0d)$/i;

/**
 * Two URLs in one text. Right after the host (`wss://a.example,wss://b.example`) the empty port betrays it; in the
 * path a separator does. A URL that is a mere path segment is a junk path instead.
 */
function isGlued(authority: string, path: string): boolean {
  return (authority.endsWith(':') && path.startsWith('//')) || /[\s,|;](?:wss?|https?):\/\//i.test(path);
}

function splitAuthority(authority: string): { host: string; port: string } | undefined {
  // A backslash is a slash to some readers, so what stands before it must not vanish as somebody's password.
  const [, host, port = ''] = HOST_AND_PORT.exec(authority.replace(/^[^\\]*@/, '')) ?? [];
  return host === undefined ? undefined : { host, port };
}

function canonicalScheme(network: Network, written: string): 'ws' | 'wss' {
  if (network === 'clearnet') return 'wss';
  return network === 'local' && written.toLowerCase() === 'wss' ? 'wss' : 'ws';
}

function rejected(reason: RelayUrlRejection): RelayUrlResult {
  return { ok: false, reason };
}
