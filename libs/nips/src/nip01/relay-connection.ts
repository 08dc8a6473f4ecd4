import { setTimeout as delay } from 'node:timers/promises';
import type { Filter, FrameSocket, NostrEvent, Now, Opening, RelayUrl, SocketClose } from '@bigbrotr/models';
import { authTemplate, type Sign } from '../nip42/auth.js';
import type { CountAnswer } from '../nip45/count-answer.js';
import { NegentropyExchange, type NegentropyExchangeOptions } from '../nip77/negentropy-exchange.js';
import { authFrame, countFrame, eventFrame, reqFrame } from './client-message.js';
import type { NoAnswer, Refusal } from './exchange.js';
import { Question, refusedBy, type QuestionOptions, type QuestionWording } from './question.js';
import { classifyReason } from './reason-text.js';
import { DEFAULT_NOTICE_GRACE_MS, Subscription, type RequestOptions } from './subscription.js';
import { CHALLENGE_ID, Switchboard, type ConnectionCounters } from './switchboard.js';

export interface ConnectionOptions {
  readonly maxFrameBytes?: number;
  /** For the date of AUTH events. */
  readonly now: Now;
}

export interface KeepAliveOptions {
  readonly signal: AbortSignal;
  readonly everyMs: number;
  /** For each pong. */
  readonly timeoutMs: number;
}

export type CountResult = ({ readonly ok: true } & CountAnswer) | NoAnswer;
export type PublishResult = { readonly ok: true; readonly duplicate: boolean; readonly text: string } | NoAnswer;
export type AuthResult = { readonly ok: true } | { readonly ok: false; readonly reason: 'no-challenge' } | NoAnswer;

/**
 * Nostr over one socket: many exchanges at a time, each ending in an outcome. Borrows the socket, which must be
 * fresh (this becomes its listener); whoever dialled closes it, and that ends every exchange as `disconnect`.
 */
export class RelayConnection {
  readonly #now: Now;
  readonly #socket: FrameSocket;
  readonly #board: Switchboard;
  readonly #publishing = new Map<string, Promise<PublishResult>>();
  #authenticating: Promise<AuthResult> | undefined;

  constructor(options: ConnectionOptions, socket: FrameSocket) {
    this.#now = options.now;
    this.#socket = socket;
    this.#board = new Switchboard(options, socket);
  }

  get url(): RelayUrl {
    return this.#socket.url;
  }

  get opening(): Opening {
    return this.#socket.opening;
  }

  get counters(): Readonly<ConnectionCounters> {
    return this.#board.counters;
  }

  /** How the socket ended; undefined while it is open. */
  get close(): SocketClose | undefined {
    return this.#board.close;
  }

  /** The relay's last AUTH challenge, asked for or not. */
  get challenge(): string | undefined {
    return this.#board.challenge;
  }

  /** The last NOTICE, also one that no exchange could be held to. */
  get lastNotice(): Refusal | undefined {
    return this.#board.lastNotice;
  }

  /**
   * Sends a REQ. Where a relay stays silent until AUTH, the outcome is `idle` and `challenge` is set:
   * authenticate, then ask again.
   */
  request(filters: readonly Filter[], options: RequestOptions): Subscription {
    const id = this.#board.nextId();
    // An opening takes at least one round trip, so an answer is under way no longer than that.
    const noticeGraceMs = Math.max(DEFAULT_NOTICE_GRACE_MS, this.opening.openMs);
    const frame = reqFrame(id, filters);
    const subscription = new Subscription({ id, frame }, { noticeGraceMs, ...options }, this.#board);
    this.#board.enter(subscription);
    return subscription;
  }

  count(filter: Filter, options: QuestionOptions): Promise<CountResult> {
    const id = this.#board.nextId();
    return this.#ask<CountResult & { ok: true }>(
      {
        kind: 'count',
        id,
        frame: countFrame(id, filter),
        read: (message) => (message.type === 'COUNT' ? { ok: true, ...message.answer } : undefined),
      },
      options,
    );
  }

  /** Two callers with the same event share one answer, for relays answer by event id. */
  publish(event: NostrEvent, options: QuestionOptions): Promise<PublishResult> {
    const running = this.#publishing.get(event.id);
    if (running !== undefined) return running;
    const answer = this.#askOk('publish', event.id, eventFrame(event), options);
    this.#publishing.set(event.id, answer);
    void answer.finally(() => this.#publishing.delete(event.id));
    return answer;
  }

  /** Answers the relay's challenge, waiting for one when none came yet. Concurrent callers share one attempt. */
  authenticate(sign: Sign, options: QuestionOptions): Promise<AuthResult> {
    this.#authenticating ??= this.#authenticate(sign, options).finally(() => (this.#authenticating = undefined));
    return this.#authenticating;
  }

  /** A NIP-77 conversation; nothing is sent before its first turn. */
  negotiate(filter: Filter, options: NegentropyExchangeOptions): NegentropyExchange {
    const exchange = new NegentropyExchange(this.#board.nextId(), filter, options, this.#board);
    this.#board.enter(exchange);
    return exchange;
  }

  /** Round trip in milliseconds, or undefined when none came in time. */
  ping(timeoutMs: number): Promise<number | undefined> {
    return this.#socket.ping(timeoutMs);
  }

  /** Pings now and then, for proxies cut idle connections. Comes back when the relay is gone, or with `aborted`. */
  async keepAlive({ signal, everyMs, timeoutMs }: KeepAliveOptions): Promise<'silent' | 'closed' | 'aborted'> {
    const over = AbortSignal.any([signal, this.#board.closed]);
    for (;;) {
      await delay(everyMs, undefined, { signal: over }).catch(() => undefined);
      if (over.aborted) return this.close === undefined ? 'aborted' : 'closed';
      const heard = this.counters.frames;
      const pong = await this.ping(timeoutMs);
      // While we do not read, no pong can be read either.
      const deaf = !this.#board.reading;
      if (pong === undefined && !deaf && this.counters.frames === heard && this.close === undefined) return 'silent';
    }
  }

  async #authenticate(sign: Sign, { signal, timeoutMs }: QuestionOptions): Promise<AuthResult> {
    const startedAt = performance.now();
    let challenge = this.challenge;
    if (challenge === undefined) {
      const wait = await this.#ask<{ ok: true; challenge: string }>(
        {
          kind: 'auth',
          id: CHALLENGE_ID,
          read: (message) => (message.type === 'AUTH' ? { ok: true, challenge: message.challenge } : undefined),
        },
        { signal, timeoutMs },
      );
      if (!wait.ok) return wait.reason === 'timeout' ? { ok: false, reason: 'no-challenge' } : wait;
      challenge = wait.challenge;
    }
    const event = await sign(authTemplate(this.url, challenge, Math.floor(this.#now() / 1000)));
    const leftMs = timeoutMs - (performance.now() - startedAt);
    const answer = await this.#askOk('auth', event.id, authFrame(event), { signal, timeoutMs: leftMs });
    return answer.ok ? { ok: true } : answer;
  }

  #askOk(kind: 'publish' | 'auth', id: string, frame: string, options: QuestionOptions): Promise<PublishResult> {
    return this.#ask<PublishResult & { ok: true }>(
      {
        kind,
        id,
        frame,
        read: (message) => {
          if (message.type !== 'OK') return undefined;
          if (!message.accepted) return refusedBy('OK', message.text);
          return { ok: true, duplicate: classifyReason(message.text) === 'duplicate', text: message.text };
        },
      },
      options,
    );
  }

  #ask<T extends { readonly ok: true }>(wording: QuestionWording<T>, options: QuestionOptions): Promise<T | NoAnswer> {
    const question = new Question<T>(wording, options, this.#board);
    this.#board.enter(question);
    return question.answer;
  }
}
