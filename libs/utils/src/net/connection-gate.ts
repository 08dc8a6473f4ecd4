import type { Network } from '@bigbrotr/models';
import { Deadline } from '../async/deadline.js';
import { KeyedLimiter } from '../async/keyed-limiter.js';
import { TokenBucket } from '../async/token-bucket.js';
import type { DialerLimits } from './dialer-options.js';
import { WireFailure } from './wire-failure.js';

export type ConnectionUse = 'websocket' | 'http';

export interface Visit {
  readonly network: Network;
  readonly host: string;
  readonly port: number;
  /** Undefined when a proxy connects. */
  readonly address: string | undefined;
  readonly use: ConnectionUse;
}

/** Every new connection passes here: so many per address, so many per second. */
export class ConnectionGate {
  readonly #limits: DialerLimits;
  readonly #places: KeyedLimiter;
  readonly #rate: TokenBucket;

  constructor(limits: DialerLimits, now?: () => number) {
    this.#limits = limits;
    this.#places = new KeyedLimiter(limits.maxWaiting);
    this.#rate = new TokenBucket({ perSecond: limits.connectionsPerSecond, burst: limits.connectionBurst }, now);
  }

  /**
   * Resolves to the function that gives the place back. Waiting is not the peer's fault, so the deadline's clock stands
   * still meanwhile; a wait that would take too long is our own `blocked`.
   */
  async enter(visit: Visit, deadline: Deadline): Promise<() => void> {
    const { socketsPerIp, maxWaitMs } = this.#limits;
    deadline.hold();
    using wait = new Deadline(maxWaitMs, deadline.signal);
    let leave: (() => void) | undefined;
    try {
      leave = await this.#places.acquire(
        keyOf(visit),
        visit.use === 'http' ? socketsPerIp + 1 : socketsPerIp,
        wait.signal,
      );
      if (leave && (await this.#rate.take(wait.remainingMs, wait.signal))) return leave;
      throw busy();
    } catch (error) {
      leave?.();
      throw wait.expired ? busy() : error;
    } finally {
      deadline.resume();
    }
  }
}

function keyOf({ network, host, port, address }: Visit): string {
  return network === 'local' || address === undefined ? `${host}:${port}` : address;
}

function busy(): WireFailure {
  return new WireFailure({ reason: 'blocked', code: 'busy' });
}
