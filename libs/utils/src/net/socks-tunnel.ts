import { isIP, type Socket } from 'node:net';
import { SocksClient } from 'socks';
import { SocksProxyAgent } from 'socks-proxy-agent';
import type { DialFailure, DialFailureReason, Network } from '@bigbrotr/models';
import type { Deadline } from '../async/deadline.js';
import { classifyFailure } from './classify-failure.js';
import { connectTcp } from './connect-tcp.js';
import { lookupBySystem } from './lookup.js';
import { WireFailure } from './wire-failure.js';

export interface TunnelTarget {
  /** A name goes to the proxy as a name: it is the proxy that resolves it. */
  readonly host: string;
  readonly port: number;
  readonly network: Network;
}

/**
 * Opens a TCP connection through the operator's SOCKS proxy. Where the proxy itself stands is the operator's business
 * and under no law of ours.
 *
 * The agent only reads the URL. Its own `connect` cannot be aborted while the proxy keeps silent, and it reports the
 * proxy's answer as text; so the connection to the proxy is ours, and SocksClient (the agent's engine) shakes hands on it.
 */
export async function openTunnel(proxyUrl: string, target: TunnelTarget, deadline: Deadline): Promise<Socket> {
  const { signal } = deadline;
  const { proxy } = new SocksProxyAgent(proxyUrl);
  const wire = await connectToProxy(proxy, signal);
  let latest: Buffer | undefined;
  const remember = (data: Buffer): void => void (latest = data);
  const abort = (): void => void wire.destroy();
  wire.on('data', remember);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    await SocksClient.createConnection({
      command: 'connect',
      destination: { host: target.host, port: target.port },
      proxy: { host: proxy.host ?? '', port: proxy.port, type: proxy.type, ...credentials(proxy, target) },
      existing_socket: wire,
      // Our signal comes first; but SocksClient never clears this timer, which holds on to the socket until it fires.
      timeout: Math.ceil(deadline.remainingMs) + 1000,
    });
    return wire;
  } catch {
    // All that the error adds to the proxy's last message is text.
    wire.destroy();
    throw new WireFailure(readRefusal(latest));
  } finally {
    wire.off('data', remember);
    signal.removeEventListener('abort', abort);
  }
}

async function connectToProxy(
  { host = '', port }: { host?: string; port: number },
  signal: AbortSignal,
): Promise<Socket> {
  try {
    const name = host.replace(/^\[(.*)\]$/, '$1');
    const [address = name] = isIP(name) === 0 ? await lookupBySystem(name, signal) : [name];
    return await connectTcp(address, port, signal);
  } catch (error) {
    throw new WireFailure({ ...classifyFailure(error, 'proxy'), reason: 'proxy' });
  }
}

/**
 * The operator's own credentials; without any, Tor gets new ones per relay: streams with different credentials take
 * different circuits, so that no single guard or rendezvous point sees all our relays together.
 */
function credentials(proxy: Credentials, target: TunnelTarget): Credentials {
  const { userId, password } = proxy;
  if (userId !== undefined) return { userId, password: password ?? '' };
  return target.network === 'tor' ? { userId: target.host, password: String(target.port) } : {};
}

interface Credentials {
  readonly userId?: string;
  readonly password?: string;
}

/** Reads a SOCKS 5 reply out of the last message that the proxy sent before the handshake failed. */
function readRefusal(latest: Buffer | undefined): DialFailure {
  const reply = latest?.[0] === 5 ? latest[1] : undefined;
  if (reply === undefined || reply === 0 || reply === NO_ACCEPTABLE_METHOD) return { reason: 'proxy' };
  return { reason: REASON_OF_REPLY[reply] ?? 'proxy', code: `socks-${reply}` };
}

const NO_ACCEPTABLE_METHOD = 0xff;

/** RFC 1928 §6, and from 0xf0 what Tor adds for onion services. The others are the proxy's own failures. */
const REASON_OF_REPLY: Readonly<Partial<Record<number, DialFailureReason>>> = {
  3: 'unreachable',
  4: 'unreachable',
  5: 'refused',
  6: 'timeout',
  0xf0: 'unreachable',
  0xf1: 'unreachable',
  0xf2: 'unreachable',
  0xf3: 'unreachable',
  0xf6: 'dns',
  0xf7: 'timeout',
};
