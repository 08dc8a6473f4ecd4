import { classifyAddress } from './address.js';
import type { Network } from './network.js';

/** Why a host cannot be a relay's. */
export type RelayHostRejection =
  | 'no-host' // nothing where the host should be
  | 'control-character' // C0 or DEL, as it is or percent-encoded
  | 'character' // any other character that no host name has: blanks, quotes, backslash, comma …
  | 'ipv4-form' // ends in a number without being four plain decimals: 127.1, 0x7f.0.0.1, 256.1.1.1
  | 'ipv6-form' // not an IPv6 address, one without brackets, or one with a zone
  | 'label' // an empty label, a hyphen at its edge, more than 63 characters, more than 253 in all
  | 'single-label' // no dot
  | 'onion' // not a version 3 onion service
  | 'i2p' // neither an I2P name nor a base32 address
  | 'loki' // not a Lokinet address
  | 'local' // loopback or private: the `local` option would admit it
  | 'reserved-address' // an address at which no relay can be
  | 'not-a-url'; // the URL standard refuses it

export type RelayHost =
  | { readonly ok: true; readonly host: string; readonly network: Network }
  | { readonly ok: false; readonly reason: RelayHostRejection };

/**
 * Judges the host of a relay URL (no port, IPv6 in brackets) and gives its canonical form: lower case, punycode,
 * no trailing dot, IPv6 by RFC 5952 and still in brackets.
 *
 * The raw text is judged before `URL` sees it, because `URL` repairs too much: it makes 127.0.0.1 of `2130706433`,
 * drops tabs and newlines, and reads a backslash as a slash.
 */
export function parseRelayHost(raw: string): RelayHost {
  if (raw === '') return rejected('no-host');
  if (CONTROL.test(raw)) return rejected('control-character');
  if (raw.startsWith('[')) return parseIpv6(raw);
  if (NEVER_IN_HOST.test(raw)) return rejected('character');
  const isIpv4 = IPV4.test(raw);
  if (!isIpv4 && ENDS_IN_NUMBER.test(raw)) return rejected('ipv4-form');

  const parsed = throughUrl(raw);
  if (parsed === undefined) return rejected('not-a-url');
  const host = parsed.endsWith('.') ? parsed.slice(0, -1) : parsed;
  if (isIpv4) return judgeAddress(host, host);
  // Percent-encoded or full-width digits turned into an address.
  return ENDS_IN_NUMBER.test(host) ? rejected('ipv4-form') : judgeName(host);
}

/** The network of a host that {@link parseRelayHost} has made canonical. */
export function networkOfHost(host: string): Network {
  const overlay = overlayOf(host);
  if (overlay !== undefined) return overlay;
  const ip = host.startsWith('[') ? host.slice(1, -1) : IPV4.test(host) ? host : undefined;
  const isLocal = ip === undefined ? LOCAL_NAME.test(host) : classifyAddress(ip) !== 'public';
  return isLocal ? 'local' : 'clearnet';
}

const CONTROL = /[\0-\x1f\x7f]|%[01][0-9a-f]|%7f/i;
const NEVER_IN_HOST = /[\s"'\\^`{|}<>,;()[\]]/;
/** Four decimals without leading zeros; one trailing dot is the name system's root. */
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.|$)){4}$/;
/** What the URL standard takes for an IPv4 address, however odd. */
const ENDS_IN_NUMBER = /(?:^|\.)(?:\d+|0x[\da-f]*)\.?$/i;
const NAME = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.|$))+$/;
const MAX_NAME_LENGTH = 253;

/** Names that lead to loopback (RFC 6761) or mean something in a private network only. */
const LOCAL_NAME = /^localhost$|\.(?:localhost|localdomain|local|internal|lan|home\.arpa)$/;

const OVERLAY = /\.(onion|i2p|loki)$/;
const ONION = /(?:^|\.)[a-z2-7]{56}\.onion$/;
/** 52 characters name a destination, 56 and more an encrypted lease set. Other names below b32.i2p do not exist. */
const I2P = /^(?:[a-z2-7]{52}|[a-z2-7]{56,63})\.b32\.i2p$|^(?!(?:.+\.)?b32\.i2p$).+\.i2p$/;
/** RFC 4648 or z-base-32, which Lokinet uses. */
const LOKI = /^[a-z1-9]{52}\.loki$/;

function throughUrl(raw: string): string | undefined {
  try {
    return new URL(`wss://${raw}`).hostname;
  } catch {
    return undefined;
  }
}

function parseIpv6(raw: string): RelayHost {
  const host = /^\[[\da-f:.]+\]$/i.test(raw) ? throughUrl(raw) : undefined;
  return host === undefined ? rejected('ipv6-form') : judgeAddress(host, host.slice(1, -1));
}

function judgeAddress(host: string, ip: string): RelayHost {
  const addressClass = classifyAddress(ip);
  if (addressClass === 'never') return rejected('reserved-address');
  return { ok: true, host, network: addressClass === 'public' ? 'clearnet' : 'local' };
}

function judgeName(host: string): RelayHost {
  if (/[^a-z0-9._-]/.test(host)) return rejected('character');
  const overlay = overlayOf(host);
  if (overlay === 'tor' && !ONION.test(host)) return rejected('onion');
  if (overlay === 'i2p' && !I2P.test(host)) return rejected('i2p');
  if (overlay === 'loki' && !LOKI.test(host)) return rejected('loki');
  if (host.length > MAX_NAME_LENGTH || host.endsWith('.') || !NAME.test(host)) return rejected('label');
  const network = overlay ?? (LOCAL_NAME.test(host) ? 'local' : 'clearnet');
  return network === 'clearnet' && !host.includes('.') ? rejected('single-label') : { ok: true, host, network };
}

function overlayOf(host: string): Network | undefined {
  switch (OVERLAY.exec(host)?.[1]) {
    case 'onion':
      return 'tor';
    case 'i2p':
      return 'i2p';
    case 'loki':
      return 'loki';
    default:
      return undefined;
  }
}

function rejected(reason: RelayHostRejection): RelayHost {
  return { ok: false, reason };
}
