import type { Interval } from '@bigbrotr/models';

/** No upper bound: the request carries no `until`, so that events dated in the future come too. */
export const OPEN = Number.MAX_SAFE_INTEGER;

/** How a relay answers, as far as it has shown. Learned by walking, kept between slices. */
export interface PageHabits {
  /** What to ask for. Shrinks below the point where a relay cuts its answers. */
  readonly limit: number;
  /** The largest page ever received: the relay's real cap, which it may never tell. 0 before the first page. */
  readonly cap: number;
  /** Whether the same question gets the same answer. Without that, absence means nothing. */
  readonly steady: 'unknown' | 'yes' | 'no';
}

export interface PageRequest {
  readonly ids?: readonly string[];
  readonly since?: number;
  readonly until?: number;
  readonly limit: number;
}

/** Where an event stands in the relay's order; enough for walking. */
export interface Position {
  readonly id: string;
  readonly created_at: number;
  /** By what a dense second may be split. Unknown of malformed events. */
  readonly kind?: number;
  readonly pubkey?: string;
}

/** A whole answer: a real EOSE stood at its end. Anything less proves nothing and never gets here. */
export interface PageAnswer {
  /** What the request asked for, each once, good or bad: a broken event also tells how far the relay got. */
  readonly events: readonly Position[];
  /** Events that the request did not ask for. */
  readonly strays: number;
  /** NIP-67: the relay says that this was everything. */
  readonly finish: boolean;
  /** NIP-67: the relay says that there is more. */
  readonly more: boolean;
}

export interface Proven extends Interval {
  readonly events: number;
}

export type UnpageableReason = 'ignores-bounds' | 'inconsistent' | 'unsorted';

export interface WalkStep {
  readonly proven: readonly Proven[];
  /** Seconds that may hold more than a page; the walk goes on around them. */
  readonly dense: readonly number[];
  /** Set when there is nothing more to ask. `unpageable`: nothing further can be proven by asking for pages. */
  readonly end?: 'done' | UnpageableReason;
}

type Phase =
  | 'page'
  | 'repeat' // the first page a second time
  | 'beyond' // is anything newer than the newest of the first page?
  | 'behind' // is anything older than its oldest?
  | 'gone'; // do the events of the boundary second still exist?

/** Pages smaller than this are not taken for cut ones, whatever the relay showed before: no relay software caps so low. */
export const LEAST_CAP = 20;
const PROBE_LIMIT = 20;
const GO_ON: WalkStep = { proven: [], dense: [] };

/**
 * Walks one gap page by page and says what each answer proves. Pure: it asks nothing itself.
 *
 * Newest first, the page of [since, until] proves everything above its oldest second; the next page asks for that
 * second again, inclusive, because it may have been cut in two. Fewer events than asked for prove nothing (relays
 * filter after the limit): only an empty page, one that reaches past the gap, or NIP-67's `finish` ends a walk.
 *
 * Bounds are asked for one second wide of the gap where it is not known whether the relay counts them in. Relays that
 * serve the oldest first are walked upwards by the same rules.
 */
export class PageWalk {
  #habits: PageHabits;
  #since: number;
  #until: number;
  #direction: 'down' | 'up' = 'down';
  #phase: Phase = 'page';
  /** How many seconds the moving bound is asked for too wide: 1 while in doubt, and for relays that leave bounds out. */
  #widen: 0 | 1 = 1;
  /** The relay was seen to leave out the second that a bound names. */
  #excludes = false;
  /** Like `widen`, for the bound that stays. */
  #slack: 0 | 1 = 1;
  /** Ids seen in the second at the moving bound: asked for it again, the relay has to name at least one of them. */
  #boundary: ReadonlySet<string> = new Set();
  /** A page of one second only, smaller than a full one: all of that second, unless more comes behind it. */
  #pending: Proven | undefined;
  /** The first page, until its order is known. */
  #first: PageAnswer | undefined;
  #isSorted = false;
  /** Something that was newer than all of a first page: the next first page has to reach it. */
  #above: number | undefined;
  /** What appears above this second between two requests may simply be new. */
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

  /** The answer was cut off after `received` events: ask for less, so that the next one comes whole. */
  shrink(received: number): void {
    if (received <= 0) return;
    const limit = Math.max(1, Math.min(Math.floor(received * 0.8), this.#habits.limit >> 1));
    this.#habits = { ...this.#habits, limit };
    // Pages of different size cannot be compared.
    if (this.#phase === 'repeat') this.#restart();
  }

  next(): PageRequest {
    const first = this.#first?.events ?? [];
    switch (this.#phase) {
      case 'page':
      case 'repeat': {
        const down = this.#direction === 'down';
        return this.#request(
          this.#since - (down ? this.#slack : this.#widen),
          this.#until + (down ? this.#widen : this.#slack),
          this.#habits.limit,
        );
      }
      case 'beyond':
        return this.#request(newest(this.#inside(first)) + 1, Math.min(this.#until, this.#settled) + 1, PROBE_LIMIT);
      case 'behind':
        return this.#request(this.#since - 1, oldest(this.#inside(first)) - 1, PROBE_LIMIT);
      case 'gone':
        return { ids: [...this.#boundary].slice(0, PROBE_LIMIT), limit: PROBE_LIMIT };
    }
  }

  absorb(answer: PageAnswer): WalkStep {
    switch (this.#phase) {
      case 'page':
        return this.#absorbPage(answer);
      case 'repeat':
        return this.#absorbRepeat(answer);
      case 'beyond':
        return this.#absorbBeyond(answer);
      case 'behind':
        return this.#absorbBehind(answer);
      case 'gone':
        return this.#absorbGone(answer);
    }
  }

  #request(since: number, until: number, limit: number): PageRequest {
    // 0 and less are treated as absent in the wild: `until: 1` stands for the first two seconds, no `since` for 0.
    return { ...(since > 0 && { since }), ...(until < OPEN && { until: Math.max(1, until) }), limit };
  }

  #absorbPage(answer: PageAnswer): WalkStep {
    this.#habits = { ...this.#habits, cap: Math.max(this.#habits.cap, answer.events.length) };
    if (answer.strays > answer.events.length && this.#isFull(answer.events.length + answer.strays))
      return unpageable('ignores-bounds');
    if (this.#habits.steady === 'no') return unpageable('inconsistent');
    if (answer.finish) return this.#finish(answer.events);
    if (this.#boundary.size > 0 && !answer.events.some((e) => this.#boundary.has(e.id))) return this.#missBoundary();
    const inside = this.#inside(answer.events);
    if (
      !this.#isSorted &&
      inside.length > 0 &&
      (this.#habits.steady === 'unknown' || this.#isFull(answer.events.length * 1.5))
    ) {
      this.#first = answer;
      if (this.#above !== undefined)
        return newest(inside) >= this.#above ? this.#sorted('down', answer) : unpageable('unsorted');
      if (this.#habits.steady === 'yes') return this.#afterRepeat(answer);
      this.#phase = 'repeat';
      return GO_ON;
    }
    return this.#advance(answer);
  }

  /** An answer that forgets what it said a moment ago can prove nothing. */
  #absorbRepeat(answer: PageAnswer): WalkStep {
    const first = this.#firstPage();
    const again = new Set(answer.events.map((e) => e.id));
    // Arrivals push events out at the end of the page, and now and then one is deleted; what lies between must be there.
    const since = Math.max(oldest(first.events), oldest(answer.events));
    const until = Math.min(newest(first.events), newest(answer.events));
    const common = first.events.filter((e) => e.created_at > since && e.created_at < until);
    const lost = common.filter((e) => !again.has(e.id)).length;
    const steady = lost <= Math.max(1, common.length * 0.05) && answer.events.length > 0;
    this.#habits = { ...this.#habits, steady: steady ? 'yes' : 'no' };
    return steady ? this.#afterRepeat(first) : unpageable('inconsistent');
  }

  #afterRepeat(first: PageAnswer): WalkStep {
    if (newest(this.#inside(first.events)) >= Math.min(this.#until, this.#settled)) return this.#sorted('down', first);
    this.#phase = 'beyond';
    return GO_ON;
  }

  /** Nothing is newer than the newest of the first page: it began with the newest. */
  #absorbBeyond(answer: PageAnswer): WalkStep {
    const first = this.#firstPage();
    const top = newest(this.#inside(first.events));
    const found = this.#inside(answer.events).filter((e) => e.created_at > top && e.created_at <= this.#settled);
    if (found.length === 0) return this.#sorted('down', first);
    this.#above = newest(found);
    this.#phase = 'behind';
    return GO_ON;
  }

  /** Something is newer. Only when nothing is older did the page begin with the oldest. */
  #absorbBehind(answer: PageAnswer): WalkStep {
    const first = this.#firstPage();
    const bottom = oldest(this.#inside(first.events));
    if (!this.#inside(answer.events).some((e) => e.created_at < bottom)) return this.#sorted('up', first);
    // Either it came in between, or the relay keeps no order: the next first page will tell.
    this.#restart();
    return GO_ON;
  }

  #absorbGone(answer: PageAnswer): WalkStep {
    if (answer.events.some((e) => this.#boundary.has(e.id))) return unpageable('inconsistent');
    this.#boundary = new Set();
    this.#widen = 1;
    this.#excludes = false;
    this.#phase = 'page';
    return GO_ON;
  }

  #sorted(direction: 'down' | 'up', first: PageAnswer): WalkStep {
    this.#direction = direction;
    this.#isSorted = true;
    this.#first = undefined;
    this.#phase = 'page';
    return this.#advance(first);
  }

  #restart(): void {
    this.#first = undefined;
    this.#phase = 'page';
  }

  #advance(answer: PageAnswer): WalkStep {
    this.#isSorted = true;
    const inside = this.#inside(answer.events);
    const isPast = answer.events.some((e) =>
      this.#direction === 'down' ? e.created_at < this.#since : e.created_at > this.#until,
    );
    if (inside.length === 0 && !isPast) return this.#absorbNothing(answer);
    if (inside.length === 0 && this.#slack === 1 && this.#isFull(answer.events.length)) {
      // A page full of the second behind the gap; a relay that serves the oldest first may have begun there.
      this.#slack = 0;
      return GO_ON;
    }
    // The page that held one second only ended there although there is more behind it: it may have been cut in that second.
    const dense = this.#pending ? [this.#pending.since] : [];
    this.#pending = undefined;
    if (isPast) return { ...this.#finish(answer.events), dense };
    const { edge, far } =
      this.#direction === 'down'
        ? { edge: this.#until, far: oldest(inside) }
        : { edge: this.#since, far: newest(inside) };
    if (far === edge) return this.#leaveSecond(edge, answer, dense);
    const proven = this.#direction === 'down' ? { since: far + 1, until: edge } : { since: edge, until: far - 1 };
    const at = inside.filter((e) => e.created_at === far);
    this.#moveTo(far);
    this.#boundary = new Set(at.map((e) => e.id));
    this.#widen = this.#excludes ? 1 : 0;
    return { proven: [{ ...proven, events: inside.length - at.length }], dense };
  }

  #absorbNothing(answer: PageAnswer): WalkStep {
    if (answer.more && answer.events.length === 0) return unpageable('inconsistent');
    if (answer.events.length > 0) {
      // Nothing but the second beside the gap, which we asked for to be sure: this relay counts bounds in.
      if (this.#widen === 1) {
        this.#widen = 0;
        return GO_ON;
      }
      // Second 0 cannot be asked for without second 1.
      if (this.#isFull(answer.events.length)) return { proven: [], dense: [this.#until], end: 'done' };
    }
    return this.#finish([]);
  }

  /** The whole page is one second. */
  #leaveSecond(second: number, answer: PageAnswer, dense: readonly number[]): WalkStep {
    const events = this.#inside(answer.events).length;
    this.#moveTo(this.#direction === 'down' ? second - 1 : second + 1);
    this.#boundary = new Set();
    const isCut = answer.more || this.#isFull(answer.events.length);
    if (!isCut) this.#pending = { since: second, until: second, events };
    const found = isCut ? [...dense, second] : dense;
    return this.#since > this.#until ? { ...this.#finish([]), dense: found } : { proven: [], dense: found };
  }

  /** Everything that is left is proven. */
  #finish(events: readonly Position[]): WalkStep {
    const proven: Proven[] = this.#pending ? [this.#pending] : [];
    this.#pending = undefined;
    if (this.#since <= this.#until) proven.push({ ...this.rest, events: this.#inside(events).length });
    this.#moveTo(this.#direction === 'down' ? this.#since - 1 : this.#until + 1);
    return { proven, dense: [], end: 'done' };
  }

  #moveTo(second: number): void {
    if (this.#direction === 'down') this.#until = second;
    else this.#since = second;
  }

  /** We asked for a second whose events we hold, and none of them came: is the bound left out, or are they gone? */
  #missBoundary(): WalkStep {
    if (this.#widen === 0) {
      this.#widen = 1;
      this.#excludes = true;
    } else {
      this.#phase = 'gone';
    }
    return GO_ON;
  }

  #inside(events: readonly Position[]): readonly Position[] {
    return events.filter((e) => e.created_at >= this.#since && e.created_at <= this.#until);
  }

  /** Relays that filter after their limit send a little less than a full page. */
  #isFull(events: number): boolean {
    return events >= 0.8 * Math.min(this.#habits.limit, Math.max(this.#habits.cap, LEAST_CAP));
  }

  #firstPage(): PageAnswer {
    if (!this.#first) throw new Error('a probe without a first page');
    return this.#first;
  }
}

function unpageable(end: UnpageableReason): WalkStep {
  return { proven: [], dense: [], end };
}

function oldest(events: readonly Position[]): number {
  return events.reduce((min, e) => Math.min(min, e.created_at), OPEN);
}

function newest(events: readonly Position[]): number {
  return events.reduce((max, e) => Math.max(max, e.created_at), 0);
}
