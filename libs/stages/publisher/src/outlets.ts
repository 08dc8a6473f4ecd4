import type { Dial, FrameSocket, NostrEvent, Now, RelayUrl } from '@bigbrotr/models';
import { RelayConnection, type PublishResult, type ReasonClass, type Sign } from '@bigbrotr/nips';

import type { Sent } from './delivery.js';

export interface OutletOptions {
  /** Of each step: opening, AUTH, answer. */
  readonly timeoutMs: (url: RelayUrl) => number;
  readonly idleMs: number;
  /** How long a relay that could not be reached, or that asked for a pause, is left alone. */
  readonly coolDownMs: number;
}

export interface OutletModules {
  readonly dial: Dial;
  readonly sign: Sign;
  readonly now: Now;
}

interface Line {
  readonly socket: FrameSocket;
  readonly connection: RelayConnection;
}

type Opened = { readonly ok: true; readonly line: Line } | (Sent & { readonly ok: false });

interface Outlet {
  opening: Promise<Opened> | undefined;
  inUse: number;
  idle: NodeJS.Timeout | undefined;
  /** `performance.now` until which nothing is sent, and why. */
  rest: { readonly until: number; readonly reason: string } | undefined;
}

/** Refusals of the event itself: sending it again changes nothing. */
const FINAL: readonly ReasonClass[] = ['auth-required', 'restricted', 'blocked', 'invalid', 'pow', 'unsupported'];

/** One connection to each relay that we publish to, opened when there is something to send and kept while there is more. */
export class Outlets {
  readonly #options: OutletOptions;
  readonly #modules: OutletModules;
  readonly #outlets = new Map<RelayUrl, Outlet>();
  readonly #closing = new AbortController();

  constructor(options: OutletOptions, modules: OutletModules) {
    this.#options = options;
    this.#modules = modules;
  }

  /** An unreachable or unwilling relay is a result; never throws for one. */
  async send(url: RelayUrl, event: NostrEvent, signal: AbortSignal): Promise<Sent> {
    const outlet = this.#outletOf(url);
    if (outlet.rest && outlet.rest.until > performance.now())
      return { ok: false, reason: outlet.rest.reason, final: false };
    outlet.inUse += 1;
    clearTimeout(outlet.idle);
    try {
      const opened = await this.#open(url, outlet);
      if (!opened.ok) return this.#leaveAlone(outlet, opened);
      const sent = judge(await this.#offer(url, event, opened.line.connection, signal));
      return !sent.ok && sent.reason === 'rate-limited' ? this.#leaveAlone(outlet, sent) : sent;
    } finally {
      outlet.inUse -= 1;
      if (outlet.inUse === 0) outlet.idle = setTimeout(() => void closeOutlet(outlet), this.#options.idleMs).unref();
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(Array.from(this.#outlets.values(), closeOutlet));
    this.#outlets.clear();
  }

  #outletOf(url: RelayUrl): Outlet {
    const known = this.#outlets.get(url);
    if (known) return known;
    const outlet: Outlet = { opening: undefined, inUse: 0, idle: undefined, rest: undefined };
    this.#outlets.set(url, outlet);
    return outlet;
  }

  #leaveAlone(outlet: Outlet, sent: Sent & { ok: false }): Sent {
    outlet.rest = { until: performance.now() + this.#options.coolDownMs, reason: sent.reason };
    return sent;
  }

  async #open(url: RelayUrl, outlet: Outlet): Promise<Opened> {
    const before = outlet.opening;
    const standing = await before;
    const broken = standing !== undefined && (!standing.ok || standing.line.connection.close !== undefined);
    // Somebody else may have dialled again while we looked.
    if (broken && outlet.opening === before) outlet.opening = undefined;
    outlet.opening ??= this.#dial(url);
    return outlet.opening;
  }

  async #dial(url: RelayUrl): Promise<Opened> {
    const { dial, now } = this.#modules;
    // Shared by all who send, so it ends with us and not with one of them.
    const dialled = await dial(url, { signal: this.#closing.signal, timeoutMs: this.#options.timeoutMs(url) });
    if (!dialled.ok) return { ok: false, reason: dialled.failure.reason, final: dialled.failure.reason === 'blocked' };
    return { ok: true, line: { socket: dialled.socket, connection: new RelayConnection({ now }, dialled.socket) } };
  }

  async #offer(
    url: RelayUrl,
    event: NostrEvent,
    connection: RelayConnection,
    signal: AbortSignal,
  ): Promise<PublishResult> {
    const options = { signal, timeoutMs: this.#options.timeoutMs(url) };
    const answer = await connection.publish(event, options);
    if (answer.ok || answer.reason !== 'refused' || answer.class !== 'auth-required') return answer;
    const admitted = await connection.authenticate(this.#modules.sign, options);
    return admitted.ok ? connection.publish(event, options) : answer;
  }
}

function judge(answer: PublishResult): Sent {
  if (answer.ok) return { ok: true };
  if (answer.reason !== 'refused') return { ok: false, reason: answer.reason, final: false };
  // Some say no to what they have.
  if (answer.class === 'duplicate') return { ok: true };
  return { ok: false, reason: answer.class, final: FINAL.includes(answer.class) };
}

async function closeOutlet(outlet: Outlet): Promise<void> {
  clearTimeout(outlet.idle);
  const { opening } = outlet;
  outlet.opening = undefined;
  const opened = await opening;
  if (opened?.ok === true) await opened.line.socket.close();
}
