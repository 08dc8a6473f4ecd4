import type { Interval } from '@bigbrotr/models';

/** No upper bound: the request carries no `until`, so that events dated in the future come too. */
export const OPEN = Number.MAX_SAFE_INTEGER;

/** How a relay answers, as far as it has shown. Learned by walking, kept between slices. */
export interface PageHabits {
  /** What to ask for. Shrinks below the point where a relay cuts its answers. */
  readonly limit: number;
  /** The largest page ever received: the relay's real cap, which it may never tell. 0 before the first page. */
  readonly cap: number;
  /** 1 when the relay leaves out the second that `until` names. */
  readonly untilShift: 0 | 1;
  /** 1 when the relay leaves out the second that `since` names. */
  readonly sinceShift: 0 | 1;
  readonly order: 'unknown' | 'newest' | 'oldest';
}

export interface PageRequest {
  readonly since?: number;
  readonly until?: number;
  readonly limit: number;
}

/** A whole answer: a real EOSE stood at its end. Anything less proves nothing and never gets here. */
export interface PageAnswer {
  /**
   * Distinct events inside {@link PageWalk.window}, good or bad: they tell where the relay stands, which is not the same
   * as being worth keeping.
   */
  readonly events: readonly { readonly id: string; readonly created_at: number }[];
  /** Events that the request did not ask for. */
  readonly strays: number;
  /** NIP-67: the relay says that this was everything. */
  readonly finish: boolean;
  /** NIP-67: the relay says that there is more. */
  readonly more: boolean;
}

export type WalkStep =
  /** `proven` is settled by this answer, if anything is. */
  | { readonly kind: 'go-on'; readonly proven?: Interval }
  | { readonly kind: 'done'; readonly proven?: Interval }
  /** One second holds more than a page; the walk goes on around it. */
  | { readonly kind: 'dense'; readonly second: number; readonly proven?: Interval }
  /** The relay does not answer what it is asked; nothing further can be proven. */
  | { readonly kind: 'unpageable'; readonly reason: 'ignores-bounds' | 'inconsistent' | 'no-progress' };

type Phase = 'page' | 'repeat' | 'order' | 'since-bound';

/**
 * Walks one gap page by page and says what each answer proves. Pure: it asks nothing itself.
 *
 * Newest first, the page of [since, until] proves everything above its oldest second; the next page asks for that
 * second again, inclusive, because it may have been cut in two. Fewer events than asked for prove nothing (relays
 * filter after the limit): only an empty page, or NIP-67's `finish`, ends a walk.
 */
export class PageWalk {
  #habits: PageHabits;
  #since: number;
  #until: number;
  #phase: Phase = 'page';
  /** Ids already seen in the boundary second. */
  #boundary = new Set<string>();
  /** Ids of the first page, to be met again when it is asked for twice. */
  #first: PageAnswer | undefined;
  #pages = 0;
  /** Above this second, what appears between two requests may simply be new. */
  readonly #settled: number;

  /** @param settled Unix seconds; events younger than this may still be arriving. */
  constructor(gap: Interval, habits: PageHabits, settled: number) {
    this.#since = gap.since;
    this.#until = gap.until;
    this.#habits = habits;
    this.#settled = settled;
  }

  get habits(): PageHabits {
    return this.#habits;
  }

  /** What is left of the gap. */
  get rest(): Interval {
    return { since: this.#since, until: this.#until };
  }

  /** Where the events of the next answer have to lie to count. */
  get window(): Interval {
    switch (this.#phase) {
      case 'page':
      case 'repeat':
        return this.rest;
      case 'order':
        return { since: newestOf(this.#first) + 1, until: Math.min(this.#until, this.#settled) };
      case 'since-bound':
        return { since: newestOf(this.#first), until: OPEN };
    }
  }

  get exhausted(): boolean {
    return this.#since > this.#until;
  }

  /** The answer was cut off after `received` events: ask for less, so that the next one comes whole. */
  shrink(received: number): void {
    if (received > 0) this.#habits = { ...this.#habits, limit: Math.max(1, Math.min(Math.floor(received * 0.8), this.#habits.limit >> 1)) };
  }

  next(): PageRequest {
    const { since, until } = this.window;
    const from = since - this.#habits.sinceShift;
    // 0 and less are treated as absent in the wild: `until: 1` stands for the first two seconds, no `since` for 0.
    const to = until === OPEN ? OPEN : Math.max(1, until + this.#habits.untilShift);
    return { ...(from > 0 && { since: from }), ...(to !== OPEN && { until: to }), limit: this.#phase === 'order' ? 1 : this.#habits.limit };
  }

  absorb(answer: PageAnswer): WalkStep {
    switch (this.#phase) {
      case 'page':
        return this.#absorbPage(answer);
      case 'repeat':
        return this.#absorbRepeat(answer);
      case 'order':
        return this.#absorbOrder(answer);
      case 'since-bound':
        return this.#absorbSinceBound(answer);
    }
  }

  #absorbPage(answer: PageAnswer): WalkStep {
    this.#habits = { ...this.#habits, cap: Math.max(this.#habits.cap, answer.events.length + answer.strays) };
    if (answer.strays > answer.events.length) return { kind: 'unpageable', reason: 'ignores-bounds' };
    if (answer.finish) return { kind: 'done', proven: this.rest };
    if (this.#missesBoundary(answer)) return this.#boundaryMissed();
    if (answer.events.length === 0) {
      return answer.more ? { kind: 'unpageable', reason: 'inconsistent' } : { kind: 'done', proven: this.rest };
    }
    if (this.#pages++ === 0 && this.#habits.order === 'unknown') {
      // Before anything is believed: does the relay say the same twice, and does it begin with the newest?
      this.#first = answer;
      this.#phase = 'repeat';
      return { kind: 'go-on' };
    }
    return this.#habits.order === 'oldest' ? this.#advanceUp(answer) : this.#advanceDown(answer);
  }

  /** The second look at the first page. An answer that forgets what it said a moment ago can prove nothing. */
  #absorbRepeat(answer: PageAnswer): WalkStep {
    const first = this.#first;
    if (!first) throw new Error('repeat without a first page');
    const again = new Set(answer.events.map((e) => e.id));
    // Newer arrivals push the oldest out of the page; the rest must be there.
    const fresh = answer.events.filter((e) => !first.events.some((f) => f.id === e.id)).length;
    const lost = first.events.filter((e) => !again.has(e.id)).length;
    if (lost > fresh) return { kind: 'unpageable', reason: 'inconsistent' };
    const newest = newestOf(first);
    if (newest >= Math.min(this.#until, this.#settled)) {
      this.#habits = { ...this.#habits, order: 'newest' };
      return this.#afterProbes();
    }
    this.#phase = 'order';
    return { kind: 'go-on' };
  }

  /** Something above the newest of a page means that the page did not begin with the newest. */
  #absorbOrder(answer: PageAnswer): WalkStep {
    this.#habits = { ...this.#habits, order: answer.events.length > 0 ? 'oldest' : 'newest' };
    return this.#afterProbes();
  }

  #afterProbes(): WalkStep {
    this.#phase = 'since-bound';
    return { kind: 'go-on' };
  }

  /** Asked for everything since a second that holds events: do they come? */
  #absorbSinceBound(answer: PageAnswer): WalkStep {
    const first = this.#first;
    if (!first) throw new Error('probe without a first page');
    const newest = newestOf(first);
    const inclusive = answer.events.some((e) => e.created_at === newest);
    // An oldest-first relay is asked with since = the boundary second on every page: there it matters most.
    if (!inclusive && this.#habits.sinceShift === 0) {
      this.#habits = { ...this.#habits, sinceShift: 1 };
      // The first page may have lacked its oldest second: ask for it anew, with the shift.
      this.#phase = 'page';
      return { kind: 'go-on' };
    }
    this.#phase = 'page';
    this.#first = undefined;
    return this.#habits.order === 'oldest' ? this.#advanceUp(first) : this.#advanceDown(first);
  }

  #advanceDown(answer: PageAnswer): WalkStep {
    const oldest = oldestOf(answer);
    const at = answer.events.filter((e) => e.created_at === oldest);
    if (oldest < this.#until) {
      const proven = { since: oldest + 1, until: this.#until };
      this.#until = oldest;
      this.#boundary = new Set(at.map((e) => e.id));
      return { kind: 'go-on', proven };
    }
    // The whole page is one second. With room left in it, that second is all there.
    const second = this.#until;
    const dense = this.#isFull(answer);
    this.#until = second - 1;
    this.#boundary = new Set();
    return this.#leaveSecond(second, dense);
  }

  #advanceUp(answer: PageAnswer): WalkStep {
    const newest = newestOf(answer);
    if (newest > this.#since) {
      const proven = { since: this.#since, until: newest - 1 };
      this.#since = newest;
      this.#boundary = new Set(answer.events.filter((e) => e.created_at === newest).map((e) => e.id));
      return { kind: 'go-on', proven };
    }
    const second = this.#since;
    const dense = this.#isFull(answer);
    this.#since = second + 1;
    this.#boundary = new Set();
    return this.#leaveSecond(second, dense);
  }

  #leaveSecond(second: number, dense: boolean): WalkStep {
    const proven = { since: second, until: second };
    if (dense) return { kind: 'dense', second };
    return this.#since > this.#until ? { kind: 'done', proven } : { kind: 'go-on', proven };
  }

  #missesBoundary(answer: PageAnswer): boolean {
    return this.#boundary.size > 0 && !answer.events.some((e) => this.#boundary.has(e.id));
  }

  /** We asked for a second whose events we hold, and none of them came. */
  #boundaryMissed(): WalkStep {
    if (this.#habits.order === 'oldest' ? this.#habits.sinceShift === 0 : this.#habits.untilShift === 0) {
      this.#habits = this.#habits.order === 'oldest' ? { ...this.#habits, sinceShift: 1 } : { ...this.#habits, untilShift: 1 };
      return { kind: 'go-on' };
    }
    return { kind: 'unpageable', reason: 'inconsistent' };
  }

  /** Relays that filter after their limit send a little less than a full page. */
  #isFull(answer: PageAnswer): boolean {
    return answer.events.length >= 0.8 * Math.min(this.#habits.limit, this.#habits.cap);
  }
}

function oldestOf(answer: PageAnswer): number {
  return answer.events.reduce((min, e) => Math.min(min, e.created_at), OPEN);
}

function newestOf(answer: PageAnswer | undefined): number {
  return answer ? answer.events.reduce((max, e) => Math.max(max, e.created_at), 0) : 0;
}
