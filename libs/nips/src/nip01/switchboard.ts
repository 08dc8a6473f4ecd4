import { randomBytes } from 'node:crypto';
import type { FrameSocket, SocketClose } from '@bigbrotr/models';
import type { Carrier, Exchange, Refusal } from './exchange.js';
import { classifyReason, isRefusal } from './reason-text.js';
import { parseRelayMessage, peekEventSubscription, type RelayMessage } from './relay-message.js';

/** What came in over the life of a connection. */
export interface ConnectionCounters {
  frames: number;
  bytes: number;
  /** For subscriptions that were never ours. */
  foreign: number;
  /** For exchanges of ours that were over. */
  late: number;
  malformed: number;
  /** Verbs that no relay sends. */
  unknown: number;
  /** Of these, verbs of clients: somebody sends back what we said. */
  echoed: number;
  notices: number;
}

/** The exchange that listens for an AUTH challenge; neither a subscription of ours nor an event id looks like this. */
export const CHALLENGE_ID = 'AUTH';

const CLIENT_VERBS: ReadonlySet<string> = new Set(['REQ', 'CLOSE', 'NEG-OPEN', 'NEG-CLOSE']);

/** Hands each frame of a socket to the exchange it is addressed to, and stops reading while one of them asks for it. */
export class Switchboard implements Carrier {
  readonly counters: ConnectionCounters = {
    frames: 0,
    bytes: 0,
    foreign: 0,
    late: 0,
    malformed: 0,
    unknown: 0,
    echoed: 0,
    notices: 0,
  };
  challenge: string | undefined;
  lastNotice: Refusal | undefined;
  close: SocketClose | undefined;
  readonly #maxFrameBytes: number | undefined;
  readonly #socket: FrameSocket;
  readonly #prefix = randomBytes(6).toString('hex');
  readonly #exchanges = new Map<string, Exchange>();
  readonly #holders = new Set<string>();
  readonly #closed = new AbortController();
  #serial = 0;

  constructor(options: { readonly maxFrameBytes?: number }, socket: FrameSocket) {
    this.#maxFrameBytes = options.maxFrameBytes;
    this.#socket = socket;
    socket.listen({ onFrame: (data) => this.#onFrame(data), onClose: (close) => this.#onClose(close) });
  }

  /** Aborted when the socket is gone. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  get reading(): boolean {
    return this.#holders.size === 0;
  }

  /** Ids nobody can guess, so that a frame with one of them answers us. */
  nextId(): string {
    this.#serial += 1;
    return `${this.#prefix}-${this.#serial.toString(36)}`;
  }

  enter(exchange: Exchange): void {
    if (this.close !== undefined) {
      exchange.lose(this.close);
      return;
    }
    this.#exchanges.set(exchange.id, exchange);
    if (!this.reading) exchange.hold();
    exchange.begin();
  }

  send(frame: string): void {
    this.#socket.send(frame);
  }

  drop(id: string): void {
    this.#exchanges.delete(id);
  }

  holdReading(id: string, hold: boolean): void {
    const wasReading = this.reading;
    if (hold) this.#holders.add(id);
    else this.#holders.delete(id);
    if (this.reading === wasReading || this.close !== undefined) return;
    if (hold) this.#socket.pause();
    else this.#socket.resume();
    for (const exchange of this.#exchanges.values()) {
      if (hold) exchange.hold();
      else exchange.resume();
    }
  }

  #onFrame(data: Buffer): void {
    this.counters.frames += 1;
    this.counters.bytes += data.length;
    const peeked = peekEventSubscription(data);
    if (peeked !== undefined && !this.#exchanges.has(peeked)) this.#countStray(peeked);
    else this.#dispatch(parseRelayMessage(data, this.#maxFrameBytes), data.length);
  }

  #dispatch(message: RelayMessage, bytes: number): void {
    switch (message.type) {
      case 'malformed':
        this.counters.malformed += 1;
        break;
      case 'unknown':
        this.counters.unknown += 1;
        if (CLIENT_VERBS.has(message.verb)) this.counters.echoed += 1;
        break;
      case 'NOTICE':
        this.#notice(message.text);
        break;
      case 'AUTH':
        this.challenge = message.challenge;
        this.#exchanges.get(CHALLENGE_ID)?.hear(message, bytes);
        break;
      case 'OK':
        this.#deliver(message.id, message, bytes);
        break;
      default:
        this.#deliver(message.sub, message, bytes);
    }
  }

  #deliver(id: string, message: RelayMessage, bytes: number): void {
    const exchange = this.#exchanges.get(id);
    if (exchange === undefined) this.#countStray(id);
    else exchange.hear(message, bytes);
  }

  #countStray(id: string): void {
    if (id.startsWith(this.#prefix)) this.counters.late += 1;
    else this.counters.foreign += 1;
  }

  /** NOTICE has no addressee: it ends an exchange only when it refuses and there is one thing alone that it can mean. */
  #notice(text: string): void {
    this.counters.notices += 1;
    const refusal: Refusal = { class: classifyReason(text), text };
    this.lastNotice = refusal;
    if (!isRefusal(refusal.class)) return;
    const waiting = [...this.#exchanges.values()].filter((exchange) => exchange.expectsAnswer);
    const meant = NEGENTROPY.test(text) ? waiting.filter(({ kind }) => kind === 'negentropy') : waiting;
    if (meant.length === 1) meant[0]?.hearNotice(refusal);
  }

  #onClose(close: SocketClose): void {
    this.close = close;
    this.#holders.clear();
    this.#closed.abort();
    for (const exchange of [...this.#exchanges.values()]) exchange.lose(close);
  }
}

const NEGENTROPY = /\bneg-|negentropy/i;
