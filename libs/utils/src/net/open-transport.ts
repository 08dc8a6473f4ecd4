import { isIP, type Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { TlsFacts } from '@bigbrotr/models';
import { Deadline } from '../async/deadline.js';
import { checkAddresses, checkPort } from './address-law.js';
import { classifyFailure } from './classify-failure.js';
import { connectTcp } from './connect-tcp.js';
import type { ConnectionGate, ConnectionUse } from './connection-gate.js';
import type { DialerNetwork } from './dialer-options.js';
import type { Lookup } from './lookup.js';
import { openTunnel, type TunnelTarget } from './socks-tunnel.js';
import { isOverlay, type Target } from './target.js';
import { handshakeTls } from './tls-handshake.js';
import { WireFailure, wireFailure } from './wire-failure.js';

/** A connection on which HTTP can be spoken at once. */
export interface Transport {
  readonly socket: Socket;
  /** The checked address at the other end; absent behind a proxy. */
  readonly address: string | undefined;
  readonly tls: TlsFacts | undefined;
  /** Where the deadline's clock stood when the first packet left. */
  readonly startedAtMs: number;
}

export interface TransportRequest {
  readonly use: ConnectionUse;
  readonly allowInsecure: boolean;
  readonly deadline: Deadline;
}

export interface TransportModules {
  readonly lookup: Lookup;
  readonly gate: ConnectionGate;
  readonly secureContext: SecureContext | undefined;
}

/** More addresses than this are checked, but not tried. */
const MAX_ATTEMPTS = 6;

/**
 * The dialer's law in the order in which it applies: network, port, name, addresses, place, connection, certificate.
 * Rejects with a {@link WireFailure}; anything else that comes out is a bug.
 */
export async function openTransport(
  target: Target,
  request: TransportRequest,
  { enabled, proxyUrl }: DialerNetwork,
  modules: TransportModules,
): Promise<Transport> {
  if (!enabled) throw new WireFailure({ reason: 'blocked', code: 'network-disabled' });
  checkPort(target.port, target.network);
  // An overlay's name is never looked up: it means something to its proxy only.
  const addresses = isOverlay(target.network) ? [undefined] : await resolve(target, request.deadline, modules.lookup);
  if (addresses[0] === undefined && proxyUrl === undefined)
    throw new WireFailure({ reason: 'blocked', code: 'no-proxy' });
  const connection = await connectToAny(target, addresses, request, proxyUrl, modules.gate);
  return target.secure ? secure(connection, target, request, modules.secureContext) : connection;
}

/** The addresses to try, all of them lawful. */
async function resolve({ host, network }: Target, deadline: Deadline, lookup: Lookup): Promise<readonly string[]> {
  try {
    const addresses = isIP(host) === 0 ? await lookup(host, { network, signal: deadline.signal }) : [host];
    if (addresses.length === 0) throw new WireFailure({ reason: 'dns', code: 'ENODATA' });
    checkAddresses(addresses, network);
    return addresses.slice(0, MAX_ATTEMPTS);
  } catch (error) {
    if (deadline.signal.aborted || error instanceof WireFailure) throw wireFailure(error, deadline, 'lookup');
    const found = classifyFailure(error);
    if (!found) throw error;
    // A resolver has its own meaning of ECONNREFUSED and the like: whatever the code, the name did not resolve.
    throw new WireFailure({ ...found, reason: 'dns' });
  }
}

/** Tries one address after the other; each gets its share of the time that is left. */
async function connectToAny(
  target: Target,
  addresses: readonly (string | undefined)[],
  { use, deadline }: TransportRequest,
  proxyUrl: string | undefined,
  gate: ConnectionGate,
): Promise<Transport> {
  const { host, port, network } = target;
  let startedAtMs: number | undefined;
  let telling: WireFailure | undefined;
  for (const [index, resolved] of addresses.entries()) {
    const address = proxyUrl === undefined ? resolved : undefined;
    const leave = await gate.enter({ network, host, port, address, use }, deadline);
    startedAtMs ??= deadline.elapsedMs;
    using share = new Deadline(deadline.remainingMs / (addresses.length - index), deadline.signal);
    try {
      const socket = await connect({ host: resolved ?? host, port, network }, proxyUrl, share);
      socket.once('close', leave);
      return { socket, address, tls: undefined, startedAtMs };
    } catch (error) {
      leave();
      const failed = wireFailure(error, deadline.signal.aborted ? deadline : share, 'connect');
      if (deadline.signal.aborted) throw failed;
      // "No route" is what a host without IPv6 says of every such address; any other answer tells more.
      if (telling === undefined || telling.failure.reason === 'unreachable') telling = failed;
    }
  }
  throw telling ?? new WireFailure({ reason: 'dns', code: 'ENODATA' });
}

async function connect(hop: TunnelTarget, proxyUrl: string | undefined, deadline: Deadline): Promise<Socket> {
  if (proxyUrl === undefined) return connectTcp(hop.host, hop.port, deadline.signal);
  return openTunnel(proxyUrl, hop, deadline);
}

async function secure(
  connection: Transport,
  { host }: Target,
  { allowInsecure, deadline }: TransportRequest,
  secureContext: SecureContext | undefined,
): Promise<Transport> {
  try {
    const { socket, facts } = await handshakeTls(connection.socket, host, secureContext, deadline.signal);
    if (facts.authorized || allowInsecure) return { ...connection, socket, tls: facts };
    throw new WireFailure({ reason: 'tls', ...(facts.reason === undefined ? {} : { code: facts.reason }) }, facts);
  } catch (error) {
    connection.socket.destroy();
    throw wireFailure(error, deadline, 'tls', 'tls');
  }
}
