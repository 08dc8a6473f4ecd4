import { setTimeout as sleep } from 'node:timers/promises';

import type { NostrEvent } from '@bigbrotr/models';
import type { RawData, WebSocket } from 'ws';

import { authFault, readSignedEvent } from './client-events.js';
import { Connection, type Frame } from './connection.js';
import { readFilter, type FilterMatching } from './filter-matching.js';
import { needsAuth, refusalOf, type Visitor } from './gate.js';
import { asServed, buildPage, matchesLive, matchingEvents } from './page.js';
import { Reconciliations } from './reconciliations.js';
import type { RelayState } from './relay-state.js';

interface Subscription {
  readonly filters: readonly FilterMatching[];
  /** Neither EOSE nor CLOSED has been sent yet. */
  waiting: boolean;
  /** EOSE has been sent: new events go to it. */
  live: boolean;
}

export interface SessionOptions {
  readonly number: number;
  /** As clients know the relay, for AUTH. */
  readonly url: string;
  readonly challenge: string;
}

/** A page waits after so many events until the wire has taken them. */
const BURST = 250;

/** One connection that speaks Nostr, as well as its relay's temper lets it. */
export class Session {
  readonly #relay: RelayState;
  readonly #connection: Connection;
  readonly #options: SessionOptions;
  readonly #reconciliations: Reconciliations;
  readonly #subscriptions = new Map<string, Subscription>();
  #authenticated = false;
  #reqs = 0;
  #eventsSent = 0;

  constructor(options: SessionOptions, relay: RelayState, socket: WebSocket) {
    this.#relay = relay;
    this.#options = options;
    this.#connection = new Connection(socket, relay);
    this.#reconciliations = new Reconciliations(relay);
    this.#connection.ended.addEventListener('abort', () => this.#subscriptions.clear());
    socket.on('message', (data: RawData) => this.#receive((data as Buffer).toString()));
    if (relay.temper.auth !== undefined && relay.temper.auth !== 'late') this.#challenge();
  }

  /** REQs that still wait for their EOSE or CLOSED. */
  get waitingRequests(): number {
    return [...this.#subscriptions.values()].filter(({ waiting }) => waiting).length;
  }

  /** Sends a new event to the subscriptions that it matches. */
  offer(event: NostrEvent): void {
    const { temper } = this.#relay;
    for (const [id, { live, filters }] of this.#subscriptions) {
      if (!live || !filters.some((filter) => matchesLive(filter, event, temper))) continue;
      void this.#connection.send(['EVENT', id, asServed(event, temper)]);
    }
  }

  #receive(text: string): void {
    this.#relay.counts.bytesReceived += Buffer.byteLength(text);
    this.#answer(text).catch((error: unknown) => {
      if (!this.#connection.ended.aborted) this.#relay.fault(error);
    });
  }

  async #answer(text: string): Promise<void> {
    const { latencyMs = 0 } = this.#relay.temper;
    if (latencyMs > 0) await sleep(latencyMs, undefined, { signal: this.#connection.ended });

    const message = parseMessage(text);
    if (message !== undefined) this.#log(message);
    if (message?.[0] === 'REQ' && isSubscriptionId(message[1])) {
      await this.#onReq(message[1], message.slice(2));
      return;
    }
    const reply = this.#replyTo(message);
    if (reply !== undefined) void this.#connection.send(reply);
  }

  #log(message: readonly unknown[]): void {
    const [verb, subject, ...rest] = message;
    this.#relay.log({
      verb: String(verb),
      subscription: typeof subject === 'string' ? subject : undefined,
      filters: ['REQ', 'COUNT', 'NEG-OPEN'].includes(String(verb)) ? rest.filter(isRecord) : [],
      message,
      connection: this.#options.number,
      at: Date.now(),
    });
  }

  #replyTo(message: readonly unknown[] | undefined): Frame | undefined {
    if (message === undefined) return ['NOTICE', 'ERROR: bad msg: not a JSON array'];
    const [verb, subject, ...rest] = message;
    if (verb === 'EVENT') return this.#onEvent(subject);
    if (verb === 'AUTH') return this.#onAuth(subject);
    if (!isSubscriptionId(subject)) return ['NOTICE', 'ERROR: bad msg: no subscription id'];
    if (verb === 'COUNT') return this.#onCount(subject, rest);
    if (verb === 'NEG-OPEN') return this.#reconciliations.open(subject, rest[0], rest[1]);
    if (verb === 'NEG-MSG') return this.#reconciliations.next(subject, rest[0]);
    if (verb === 'NEG-CLOSE') this.#reconciliations.close(subject);
    else if (verb === 'CLOSE') this.#subscriptions.delete(subject);
    else return ['NOTICE', `ERROR: bad msg: unknown cmd ${String(verb)}`];
    return undefined;
  }

  #visitor(): Visitor {
    return { authenticated: this.#authenticated, reqs: this.#reqs, subscriptions: this.#subscriptions.size };
  }

  async #onReq(id: string, rawFilters: readonly unknown[]): Promise<void> {
    this.#relay.counts.reqs += 1;
    this.#reqs += 1;
    const filters = readFilters(rawFilters);
    if (filters === undefined) {
      void this.#connection.send(['NOTICE', 'ERROR: bad req: invalid filter']);
      return;
    }

    const subscription: Subscription = { filters, waiting: true, live: false };
    this.#subscriptions.set(id, subscription);
    const refusal = refusalOf(this.#relay, this.#visitor(), filters);
    if (refusal?.by === 'nothing') return;
    if (refusal !== undefined) {
      if (this.#relay.temper.auth === 'late' && needsAuth(this.#relay, this.#visitor())) this.#challenge();
      this.#subscriptions.delete(id);
      void this.#connection.send(refusal.by === 'notice' ? ['NOTICE', refusal.text] : ['CLOSED', id, refusal.text]);
      return;
    }

    if (!(await this.#sendPage(id, subscription))) return;
    subscription.waiting = false;
    subscription.live = true;
    this.#relay.startLive();
  }

  /** False when the page did not come to its EOSE. */
  async #sendPage(id: string, subscription: Subscription): Promise<boolean> {
    const { temper, index, random, counts } = this.#relay;
    const { events, more } = buildPage(subscription.filters, index, temper, random);
    counts.pages += 1;
    const breaks = counts.pages % (temper.disconnectMidPage ?? Infinity) === 0;
    const breakAfter = breaks ? Math.ceil(events.length / 2) : Infinity;
    const silentAfter = temper.cutPageAfter ?? Infinity;

    this.#flood(id);
    for (const [position, event] of events.entries()) {
      if (this.#subscriptions.get(id) !== subscription || position >= silentAfter) return false;
      const taken = this.#connection.send(['EVENT', id, event]);
      this.#eventsSent += 1;
      const cut = position + 1 >= breakAfter || this.#eventsSent % (temper.resetEvery ?? Infinity) === 0;
      if (cut || (position + 1) % BURST === 0) await taken;
      if (cut) {
        this.#connection.cut();
        return false;
      }
    }
    if (this.#subscriptions.get(id) !== subscription) return false;

    const eose: Frame = temper.nip67 === true ? ['EOSE', id, [more ? 'more' : 'finish']] : ['EOSE', id];
    void this.#connection.send(eose);
    if (temper.eoseTwice === true) void this.#connection.send(eose);
    return true;
  }

  #flood(id: string): void {
    const { temper, index } = this.#relay;
    for (const event of index.all().slice(0, temper.floodOtherSubscriptions ?? 0)) {
      void this.#connection.send(['EVENT', `${id}-not-yours`, event]);
    }
  }

  #onCount(id: string, rawFilters: readonly unknown[]): Frame | undefined {
    const { temper, index } = this.#relay;
    const { count = false } = temper;
    if (count === 'silent') return undefined;
    if (count === false) return ['NOTICE', 'ERROR: bad msg: unknown cmd COUNT'];
    if (needsAuth(this.#relay, this.#visitor())) return ['CLOSED', id, 'auth-required: also for COUNT'];
    const filters = readFilters(rawFilters);
    if (filters === undefined) return ['CLOSED', id, 'invalid: bad filter'];

    const exact = new Set(filters.flatMap((filter) => matchingEvents(filter, index, temper))).size;
    return ['COUNT', id, count === true ? { count: exact } : { count: Math.ceil(exact * 0.9), approximate: true }];
  }

  #challenge(): void {
    void this.#connection.send(['AUTH', this.#options.challenge]);
  }

  #onAuth(value: unknown): Frame {
    const event = readSignedEvent(value);
    if (event === undefined) return ['NOTICE', 'ERROR: bad auth: no valid event'];
    const { challenge, url } = this.#options;
    const fault = this.#relay.temper.auth === 'never' ? 'restricted: not for you' : authFault(event, challenge, url);
    this.#authenticated ||= fault === undefined;
    return ['OK', event.id, fault === undefined, fault ?? ''];
  }

  #onEvent(value: unknown): Frame | undefined {
    const { publishing = 'accepted' } = this.#relay.temper;
    const event = readSignedEvent(value);
    if (publishing === 'silent') return undefined;
    if (event === undefined) return ['OK', isRecord(value) ? value['id'] : '', false, 'invalid: bad event'];
    if (publishing === 'blocked') return ['OK', event.id, false, 'blocked: not for you'];
    this.#relay.publish([event]);
    return ['OK', event.id, true, ''];
  }
}

function isSubscriptionId(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function readFilters(rawFilters: readonly unknown[]): FilterMatching[] | undefined {
  const filters = rawFilters.map(readFilter).filter((filter) => filter !== undefined);
  return filters.length === rawFilters.length && filters.length > 0 ? filters : undefined;
}

function parseMessage(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined; // Not JSON.
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
