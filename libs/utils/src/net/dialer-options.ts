import type { SecureContext } from 'node:tls';
import type { Network } from '@bigbrotr/models';
import type { Lookup } from './lookup.js';

export interface DialerNetwork {
  readonly enabled: boolean;
  /** `socks5h://host:port`. Overlays cannot be reached without one; other networks use it when it is there. */
  readonly proxyUrl?: string;
  /** For one whole opening: look-up, connection, TLS, upgrade. */
  readonly timeoutMs: number;
}

export interface DialerLimits {
  /**
   * WebSockets per IP address; per host:port on `local` and behind a proxy. HTTP requests may use one place more: who
   * fetches a relay's document while holding a WebSocket to it must never wait for himself.
   */
  readonly socketsPerIp: number;
  /** New connections per second of the whole process, and how many may start at once after a quiet time. */
  readonly connectionsPerSecond: number;
  readonly connectionBurst: number;
  /** How long and how many openings may wait for one of the two above; beyond it they are `blocked` as `busy`. */
  readonly maxWaitMs: number;
  readonly maxWaiting: number;
  /** Longest WebSocket message; a longer one ends the connection. */
  readonly maxPayloadBytes: number;
  /** Longest head of an HTTP answer, that of an upgrade included. */
  readonly maxHeaderBytes: number;
  /** A WebSocket without a byte in either direction for so long is cut. */
  readonly idleMs: number;
  /** How long a peer may take to answer our close frame. */
  readonly closeMs: number;
}

export interface DialerOptions {
  readonly networks: Readonly<Record<Network, DialerNetwork>>;
  readonly limits?: Partial<DialerLimits>;
  /** Name servers (`address` or `address:port`) to ask instead of the system's. */
  readonly dnsServers?: readonly string[];
  readonly userAgent?: string;
}

/** What a spec replaces. */
export interface DialerModules {
  /** Finds the addresses to connect to; default asks the system. */
  readonly lookup?: Lookup;
  /** Monotonic milliseconds for the connection rate. */
  readonly now?: () => number;
  /** Whom TLS trusts; default is Node's list and NODE_EXTRA_CA_CERTS. */
  readonly secureContext?: SecureContext;
}

export const DEFAULT_LIMITS: DialerLimits = {
  socketsPerIp: 4,
  connectionsPerSecond: 50,
  connectionBurst: 50,
  maxWaitMs: 30_000,
  maxWaiting: 4096,
  maxPayloadBytes: 4 * 1024 * 1024,
  maxHeaderBytes: 16 * 1024,
  idleMs: 180_000,
  closeMs: 1000,
};

export const DEFAULT_USER_AGENT = 'BigBrotr';
