import type { Filter, FrameSocket, RelayUrl } from '@bigbrotr/models';
import type { Dial, Now } from '@bigbrotr/models';
import { RelayConnection, type EoseHints, type ReasonClass, type RequestOutcome, type Sign } from '@bigbrotr/nips';
import { setTimeout as sleep } from 'node:timers/promises';

import { Pace } from './pace.js';

/** Why a slice ends before everything is proven. */
export type SliceEnd =
  /** Time is up; more to do. */
  | { readonly end: 'budget' }
  /** The relay cannot be reached, or gave up on us; what was proven stands. */
  | { readonly end: 'unreachable'; readonly reason: string }
  | { readonly end: 'interrupted'; readonly reason: string }
  /** It asked us to slow down, again and again. */
  | { readonly end: 'rate-limited' }
  /** It will not serve us this. */
  | { readonly end: 'refused'; readonly reason: ReasonClass }
  /** Somebody else works on this relay now. */
  | { readonly end: 'fenced' };

export interface LineOptions {
  readonly url: RelayUrl;
  readonly allowInsecure: boolean;
  /** Longest silence within an answer. */
  readonly idleMs: number;
  /** First wait before a failed question is asked again. */
  readonly retryMs: number;
  /** No request is begun after this, Unix milliseconds. */
  readonly deadlineAt: number;
}

export interface LineModules {
  readonly dial: Dial;
  readonly sign: Sign;
  readonly now: Now;
}

export interface LineRequest {
  /** Called anew for each try. */
  readonly filters: () => readonly Filter[];
  /** Takes raw events as they come, those of failed tries too. */
  readonly onEvents: (events: readonly unknown[]) => Promise<SliceEnd | undefined>;
  /** A try ended without an EOSE: what came of it proves nothing. */
  readonly onBroken: (received: number) => Promise<SliceEnd | undefined>;
}

export type LineAnswer =
  { readonly ok: true; readonly hints: EoseHints } | { readonly ok: false; readonly end: SliceEnd };

interface Connected {
  readonly socket: FrameSocket;
  readonly relay: RelayConnection;
  /** Events of whole answers. */
  served: number;
  authenticated: boolean;
}

/** Tries in a row that may fail before the relay is given up. */
const TRIES = 4;
/** A relay that ignores the limit may send this much in one answer. */
const MAX_ANSWER = { maxEvents: 200_000, maxBytes: 1024 ** 3 };
const HARD_MS = 10 * 60_000;
const AUTH_MS = 10_000;

/** The connection of one slice to its relay: made anew when it breaks, authenticated when asked, slowed down when told. */
export class RelayLine {
  readonly #options: LineOptions;
  readonly #modules: LineModules;
  readonly #signal: AbortSignal;
  readonly #pace = new Pace();
  #connection: Connected | undefined;

  constructor(options: LineOptions, modules: LineModules, signal: AbortSignal) {
    this.#options = options;
    this.#modules = modules;
    this.#signal = signal;
  }

  get isOver(): boolean {
    return this.#signal.aborted || this.#modules.now() >= this.#options.deadlineAt;
  }

  /** Asks until an answer came whole, or the relay is given up. */
  async ask(request: LineRequest): Promise<LineAnswer> {
    for (let failures = 0; ; failures++) {
      if (this.isOver) return { ok: false, end: { end: 'budget' } };
      const waitMs = Math.max(this.#pace.delayMs, failures * this.#options.retryMs);
      if (waitMs > 0) await sleep(waitMs, undefined, { signal: this.#signal });
      const tried = await this.#try(request);
      if ('ok' in tried) {
        if (tried.ok) this.#pace.wentWell();
        return tried;
      }
      // A relay that is only asked too fast is slowed down to, not given up.
      if (tried.retry === 'rate-limited') failures = -1;
      if (failures + 1 >= TRIES) return { ok: false, end: { end: 'interrupted', reason: tried.retry } };
    }
  }

  /** The connection for other verbs than REQ; authenticated if it ever had to be. */
  async connection(): Promise<{ ok: true; relay: RelayConnection } | { ok: false; end: SliceEnd }> {
    if (this.isOver) return { ok: false, end: { end: 'budget' } };
    const connected = await this.#connect();
    return 'end' in connected ? { ok: false, end: connected } : { ok: true, relay: connected.relay };
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.socket.close();
  }

  async #try(request: LineRequest): Promise<LineAnswer | { readonly retry: string }> {
    const connected = await this.#connect();
    if ('end' in connected) return { ok: false, end: connected };
    const subscription = connected.relay.request(request.filters(), {
      signal: this.#signal,
      idleMs: this.#options.idleMs,
      hardMs: HARD_MS,
      ...MAX_ANSWER,
    });
    for await (const batch of subscription) {
      const end = await request.onEvents(batch);
      if (end) return { ok: false, end };
    }
    const outcome = await subscription.outcome;
    const received = subscription.events;
    if (outcome.end === 'eose' && !(outcome.hints.auth && !connected.authenticated)) {
      connected.served += received;
      return { ok: true, hints: outcome.hints };
    }
    const cut =
      (outcome.end === 'idle' || outcome.end === 'hard' || outcome.end === 'disconnect') && isCut(outcome, connected)
        ? received
        : 0;
    const end = await request.onBroken(cut);
    if (end) return { ok: false, end };
    return outcome.end === 'eose' ? this.#afterAuth(connected) : this.#failed(outcome, received, connected);
  }

  async #failed(
    outcome: Exclude<RequestOutcome, { end: 'eose' }>,
    received: number,
    connected: Connected,
  ): Promise<LineAnswer | { readonly retry: string }> {
    switch (outcome.end) {
      case 'aborted':
        return { ok: false, end: { end: 'budget' } };
      case 'idle':
      case 'hard':
        // Some relays say nothing at all until they know who asks.
        if (received === 0 && connected.relay.challenge !== undefined && (await this.#authenticate(connected)))
          return { retry: 'auth' };
        return { retry: outcome.end };
      case 'disconnect':
        await this.close();
        return { retry: 'disconnect' };
      case 'too-many':
        return { ok: false, end: { end: 'interrupted', reason: 'too-many' } };
      case 'closed':
      case 'notice':
        return this.#turnedDown(outcome.class, connected);
    }
  }

  async #turnedDown(reason: ReasonClass, connected: Connected): Promise<LineAnswer | { readonly retry: string }> {
    switch (reason) {
      case 'auth-required':
        return this.#afterAuth(connected);
      case 'rate-limited':
        return this.#pace.slower() ? { retry: reason } : { ok: false, end: { end: 'rate-limited' } };
      case 'restricted':
      case 'blocked':
      case 'unsupported':
      case 'invalid':
      case 'pow':
        return { ok: false, end: { end: 'refused', reason } };
      case 'too-many-subscriptions':
        await this.close();
        return { retry: reason };
      case 'error':
      case 'duplicate':
      case 'unknown':
        return { retry: reason };
    }
  }

  async #afterAuth(connected: Connected): Promise<LineAnswer | { readonly retry: string }> {
    return (await this.#authenticate(connected))
      ? { retry: 'auth' }
      : { ok: false, end: { end: 'refused', reason: 'auth-required' } };
  }

  /** Once per connection. */
  async #authenticate(connected: Connected): Promise<boolean> {
    if (connected.authenticated) return false;
    connected.authenticated = true;
    const result = await connected.relay.authenticate(this.#modules.sign, { signal: this.#signal, timeoutMs: AUTH_MS });
    return result.ok;
  }

  async #connect(): Promise<Connected | SliceEnd> {
    if (this.#connection && this.#connection.relay.close === undefined) return this.#connection;
    await this.close();
    const { url, allowInsecure } = this.#options;
    const dialled = await this.#modules.dial(url, { signal: this.#signal, allowInsecure });
    if (!dialled.ok) {
      if (dialled.failure.reason === 'aborted') return { end: 'budget' };
      return { end: 'unreachable', reason: dialled.failure.reason };
    }
    const relay = new RelayConnection({ now: this.#modules.now }, dialled.socket);
    this.#connection = { socket: dialled.socket, relay, served: 0, authenticated: false };
    return this.#connection;
  }
}

/** A connection that served whole answers before may have had its fill; one that broke on its first was asked for too much. */
function isCut(outcome: RequestOutcome, { served }: Connected): boolean {
  return outcome.end !== 'disconnect' || served === 0;
}
