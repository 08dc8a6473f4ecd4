import type { CoverageCommit, EventMetrics, EventWriter, Fence, Logger, Queryable, Relay } from '@bigbrotr/core';
import { readCoverage } from '@bigbrotr/core';
import {
  cover,
  coverageChange,
  filterKey,
  uncovered,
  unixNow,
  type CoverageRow,
  type Dial,
  type Filter,
  type FrameSocket,
  type Interval,
  type Now,
} from '@bigbrotr/models';
import { RelayConnection, type ReasonClass, type RequestOutcome, type Sign } from '@bigbrotr/nips';
import { setTimeout as sleep } from 'node:timers/promises';

import { newHabits, readHabits, sameHabits, writeHabits, type StoredHabits } from './habits.js';
import { judgePage, tallyCommitted, type JudgedPage, type JudgeModules, type Position } from './judge-page.js';
import { OPEN, PageWalk, type PageAnswer } from './page-walk.js';

export interface SliceOptions {
  readonly filter: Filter;
  readonly pageLimit: number;
  readonly headOverlapMs: number;
  readonly habitsExpireMs: number;
  readonly saturatedRetryMs: number;
  /** No request is begun after this, Unix milliseconds. */
  readonly deadlineAt: number;
  /** Longest silence within an answer. */
  readonly idleMs: number;
  readonly allowInsecure: boolean;
  readonly expiration: 'keep' | 'drop';
}

export interface SliceModules extends JudgeModules {
  readonly dial: Dial;
  readonly db: Queryable;
  readonly writer: EventWriter;
  readonly sign: Sign;
  readonly now: Now;
  readonly metrics: EventMetrics;
  readonly log: Logger;
}

export type SliceEnd =
  /** Everything up to the head is proven, or known to be unprovable. */
  | { readonly end: 'complete' }
  /** Time is up; more to do. */
  | { readonly end: 'budget' }
  /** The relay cannot be reached, or gave up on us; what was proven stands. */
  | { readonly end: 'unreachable'; readonly reason: string }
  | { readonly end: 'interrupted'; readonly reason: string }
  /** It asked us to slow down. */
  | { readonly end: 'rate-limited' }
  /** It will not serve us this. */
  | { readonly end: 'refused'; readonly reason: ReasonClass }
  /** Somebody else works on this relay now. */
  | { readonly end: 'fenced' };

interface Answered {
  readonly answer: PageAnswer;
  /** Not stored yet: goes down with the coverage. */
  readonly rest: JudgedPage;
}

/** The answer did not come whole, for a reason that may pass. */
interface Retry {
  readonly retry: string;
}

/** Answers in a row that may fail before the slice gives the relay up. */
const TRIES = 3;
/** Events held before they go down, for relays that know no limit. */
const CHUNK = 1_000;
/** A relay that ignores the limit may send this much in one answer. */
const MAX_ANSWER = { events: 200_000, bytes: 1024 ** 3 };
const HARD_MS = 10 * 60_000;
const RETRY_MS = 250;
const AUTH_MS = 10_000;

/** One slice of one relay's history, under a lease: newest unproven stretch first. */
export function syncRelay(relay: Relay, fence: Fence, options: SliceOptions, modules: SliceModules, signal: AbortSignal): Promise<SliceEnd> {
  return new Slice(relay, fence, options, modules, signal).run();
}

class Slice {
  readonly #relay: Relay;
  readonly #fence: Fence;
  readonly #options: SliceOptions;
  readonly #modules: SliceModules;
  readonly #signal: AbortSignal;
  readonly #filterKey: string;
  #coverage: CoverageRow[] = [];
  #habits: StoredHabits;
  #connection: Connected | undefined;

  constructor(relay: Relay, fence: Fence, options: SliceOptions, modules: SliceModules, signal: AbortSignal) {
    this.#relay = relay;
    this.#fence = fence;
    this.#options = options;
    this.#modules = modules;
    this.#signal = signal;
    this.#filterKey = filterKey(options.filter);
    this.#habits = newHabits(options.pageLimit, this.#unix());
  }

  async run(): Promise<SliceEnd> {
    const { db } = this.#modules;
    this.#coverage = await readCoverage(db, this.#relay.id, this.#filterKey);
    const before = await readHabits(db, this.#relay.id, this.#unix() - this.#options.habitsExpireMs / 1000);
    if (before) this.#habits = before;
    try {
      return await this.#walkGaps();
    } catch (error) {
      if (this.#signal.aborted) return { end: 'budget' };
      throw error;
    } finally {
      await this.#hangUp();
      if (!before || !sameHabits(before, this.#habits)) await writeHabits(db, this.#relay.id, this.#habits, this.#unix());
    }
  }

  async #walkGaps(): Promise<SliceEnd> {
    // Gaps are listed once: what fails now is for the next slice, or this one might never end.
    for (const gap of this.#gaps()) {
      const end = await this.#walk(gap);
      if (end) return end;
    }
    return { end: 'complete' };
  }

  /** What is neither proven nor, for the time being, given up as unprovable. */
  #gaps(): Interval[] {
    const notBefore = this.#unix() - this.#options.saturatedRetryMs / 1000;
    const settled = this.#coverage
      .filter((row) => row.status === 'complete' || (row.status !== 'partial' && row.verifiedAt >= notBefore))
      .map((row): CoverageRow => ({ ...row, status: 'complete' }));
    return uncovered(settled, { since: 0, until: OPEN });
  }

  async #walk(gap: Interval): Promise<SliceEnd | undefined> {
    const walk = new PageWalk(gap, this.#habits, this.#unix() - this.#options.headOverlapMs / 1000);
    let failures = 0;
    while (!walk.exhausted) {
      if (this.#signal.aborted || this.#modules.now() >= this.#options.deadlineAt) return { end: 'budget' };
      const asked = this.#unix();
      const page = await this.#ask(walk);
      if ('retry' in page) {
        if (++failures >= TRIES) return this.#giveUp(walk, { end: 'interrupted', reason: page.retry });
        await sleep(failures * RETRY_MS, undefined, { signal: this.#signal });
        continue;
      }
      if ('end' in page) return this.#giveUp(walk, page);
      failures = 0;
      const step = walk.absorb(page.answer);
      this.#habits = { ...this.#habits, ...walk.habits };
      const proven: CoverageRow[] = [];
      const row = { method: 'page', events: page.answer.events.length, verifiedAt: asked } as const;
      if (step.kind === 'dense') proven.push({ ...row, since: step.second, until: step.second, status: 'saturated', reason: 'dense-second' });
      else if (step.kind === 'unpageable') proven.push({ ...row, ...walk.rest, status: 'unpageable', reason: step.reason });
      else if (step.proven) proven.push({ ...row, ...step.proven, status: 'complete' });
      if (!(await this.#commit(page.rest, proven, asked))) return { end: 'fenced' };
      if (step.kind === 'done' || step.kind === 'unpageable') return undefined;
    }
    return undefined;
  }

  /** What the failed walk leaves open is on record, with the reason. */
  async #giveUp(walk: PageWalk, end: SliceEnd): Promise<SliceEnd> {
    if (end.end === 'unreachable' || end.end === 'budget') return end;
    const asked = this.#unix();
    const reason = 'reason' in end ? end.reason : end.end;
    const rest: CoverageRow = { ...walk.rest, method: 'page', status: 'partial', reason, events: 0, verifiedAt: asked };
    return (await this.#commit(undefined, [rest], asked)) ? end : { end: 'fenced' };
  }

  /**
   * One request. Events are stored as they come; those of the last chunk are handed back, to go down together with the
   * coverage that they justify.
   */
  async #ask(walk: PageWalk): Promise<Answered | SliceEnd | Retry> {
    const connected = await this.#connect();
    if ('end' in connected) return connected;
    const filter: Filter = { ...this.#options.filter, ...walk.next() };
    const subscription = connected.relay.request([filter], {
      signal: this.#signal,
      idleMs: this.#options.idleMs,
      hardMs: HARD_MS,
      maxEvents: MAX_ANSWER.events,
      maxBytes: MAX_ANSWER.bytes,
    });
    const positions = new Map<string, Position>();
    let strays = 0;
    let chunk: unknown[] = [];
    const judge = async () => {
      const page = await judgePage(chunk, { filter, expiration: this.#options.expiration, at: this.#unix() }, this.#modules, this.#signal);
      chunk = [];
      for (const position of page.positions) positions.set(position.id, position);
      strays += page.strays;
      return page;
    };
    for await (const batch of subscription) {
      for (const event of batch) chunk.push(event);
      if (chunk.length >= CHUNK && !(await this.#commit(await judge(), [], this.#unix()))) return { end: 'fenced' };
    }
    const outcome = await subscription.outcome;
    const rest = await judge();
    if (outcome.end !== 'eose') {
      if (!(await this.#commit(rest, [], this.#unix()))) return { end: 'fenced' };
      return this.#failed(outcome, walk, connected, positions.size);
    }
    if (outcome.hints.auth && !connected.authenticated) {
      if (!(await this.#commit(rest, [], this.#unix()))) return { end: 'fenced' };
      return (await this.#authenticate(connected)) ? { retry: 'auth' } : { end: 'refused', reason: 'auth-required' };
    }
    connected.served += positions.size;
    const { since, until } = walk.window;
    const events = [...positions.values()].filter((p) => p.created_at >= since && p.created_at <= until);
    return { answer: { events, strays, finish: outcome.hints.finish, more: outcome.hints.more }, rest };
  }

  /** An answer without an EOSE proves nothing. Is it worth asking again? */
  async #failed(
    outcome: Exclude<RequestOutcome, { end: 'eose' }>,
    walk: PageWalk,
    connected: Connected,
    received: number,
  ): Promise<SliceEnd | Retry> {
    switch (outcome.end) {
      case 'aborted':
        return { end: 'budget' };
      case 'idle':
      case 'hard':
        // Some relays say nothing at all until they know who asks.
        if (received === 0 && connected.relay.challenge !== undefined && (await this.#authenticate(connected))) return { retry: 'auth' };
        walk.shrink(received);
        return { retry: outcome.end };
      case 'disconnect':
        // A connection that served pages before may have had its fill; one that broke on its first page was asked for too much.
        if (connected.served === 0) walk.shrink(received);
        await this.#hangUp();
        return { retry: 'disconnect' };
      case 'too-many':
        return { end: 'interrupted', reason: 'too-many' };
      case 'closed':
      case 'notice':
        return this.#turnedDown(outcome.class, connected);
    }
  }

  async #turnedDown(reason: ReasonClass, connected: Connected): Promise<SliceEnd | Retry> {
    switch (reason) {
      case 'auth-required':
        return (await this.#authenticate(connected)) ? { retry: 'auth' } : { end: 'refused', reason };
      case 'rate-limited':
        return { end: 'rate-limited' };
      case 'restricted':
      case 'blocked':
      case 'unsupported':
      case 'invalid':
      case 'pow':
        return { end: 'refused', reason };
      case 'too-many-subscriptions':
        await this.#hangUp();
        return { retry: reason };
      case 'error':
      case 'duplicate':
      case 'unknown':
        return { retry: reason };
    }
  }

  /** Once per connection. */
  async #authenticate(connected: Connected): Promise<boolean> {
    if (connected.authenticated) return false;
    connected.authenticated = true;
    const result = await connected.relay.authenticate(this.#modules.sign, { signal: this.#signal, timeoutMs: AUTH_MS });
    return result.ok;
  }

  async #connect(): Promise<Connected | SliceEnd> {
    if (this.#connection?.relay.close === undefined && this.#connection) return this.#connection;
    await this.#hangUp();
    const dialled = await this.#modules.dial(this.#relay.url, { signal: this.#signal, allowInsecure: this.#options.allowInsecure });
    if (!dialled.ok) {
      if (dialled.failure.reason === 'aborted') return { end: 'budget' };
      return { end: 'unreachable', reason: dialled.failure.reason };
    }
    const relay = new RelayConnection({ now: this.#modules.now }, dialled.socket);
    this.#connection = { socket: dialled.socket, relay, served: 0, authenticated: false };
    return this.#connection;
  }

  async #hangUp(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.socket.close();
  }

  /** Stores a page and the coverage it justifies. False when the lease is lost. */
  async #commit(page: JudgedPage | undefined, proven: readonly CoverageRow[], asked: number): Promise<boolean> {
    const after = proven.reduce((rows, row) => {
      // The newest stretch is never proven: relays take in late.
      const until = Math.min(row.until, asked - Math.ceil(this.#options.headOverlapMs / 1000));
      return until < row.since ? rows : cover(rows, { ...row, until });
    }, this.#coverage);
    const change = coverageChange(this.#coverage, after);
    const moves = change.deleted.length > 0 || change.inserted.length > 0;
    if (!page && !moves) return true;
    const coverage: CoverageCommit = { filterKey: this.#filterKey, ...change, fence: this.#fence };
    const committed = await this.#modules.writer.commit({
      relayId: this.#relay.id,
      seenAt: this.#unix(),
      fresh: page?.fresh ?? [],
      known: page?.known ?? [],
      declined: page?.declined ?? [],
      mentions: page?.mentions ?? [],
      ...(moves && { coverage }),
    });
    if (page) for (const [verdict, n] of tallyCommitted(page, committed)) this.#modules.metrics.count(verdict, n);
    if (!committed.fenced) this.#coverage = after;
    return !committed.fenced;
  }

  #unix(): number {
    return unixNow(this.#modules.now);
  }
}

interface Connected {
  readonly socket: FrameSocket;
  readonly relay: RelayConnection;
  /** Events of whole answers. */
  served: number;
  authenticated: boolean;
}
