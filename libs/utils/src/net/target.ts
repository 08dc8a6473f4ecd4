import { isIP } from 'node:net';
import { parseRelayHost, relayUrlParts, type Network, type RelayUrl } from '@bigbrotr/models';
import { WireFailure } from './wire-failure.js';

/** Where one connection shall go. */
export interface Target {
  /** Name or address, without brackets. */
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  readonly network: Network;
}

/** Whether the network's names mean something to its proxy only. */
export function isOverlay(network: Network): boolean {
  return network === 'tor' || network === 'i2p' || network === 'loki';
}

export function targetOfRelay(url: RelayUrl): Target {
  const { scheme, host, port, network } = relayUrlParts(url);
  return { host: withoutBrackets(host), port, secure: scheme === 'wss', network };
}

/** Throws a {@link WireFailure} for anything but an http(s) URL without credentials whose host a relay could have. */
export function targetOfHttp(url: URL): Target {
  const secure = url.protocol === 'https:';
  if (!secure && url.protocol !== 'http:') throw new WireFailure({ reason: 'blocked', code: 'scheme' });
  if (url.username !== '' || url.password !== '') throw new WireFailure({ reason: 'blocked', code: 'credentials' });
  const host = parseRelayHost(url.hostname);
  if (!host.ok) throw new WireFailure({ reason: 'blocked', code: host.reason });
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  return { host: withoutBrackets(host.host), port, secure, network: host.network };
}

/** The Host header of a request to this target. */
export function hostHeaderOf({ host, port, secure }: Target): string {
  const name = isIP(host) === 6 ? `[${host}]` : host;
  return port === (secure ? 443 : 80) ? name : `${name}:${port}`;
}

function withoutBrackets(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host;
}
