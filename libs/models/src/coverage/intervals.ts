/** Seconds of Unix time, both ends included. */
export interface Interval {
  readonly since: number;
  readonly until: number;
}

export function isEmpty({ since, until }: Interval): boolean {
  return since > until;
}

export function seconds(interval: Interval): number {
  return isEmpty(interval) ? 0 : interval.until - interval.since + 1;
}

export function overlaps(a: Interval, b: Interval): boolean {
  return a.since <= b.until && b.since <= a.until;
}

/** What both have; empty when they do not overlap. */
export function intersection(a: Interval, b: Interval): Interval {
  return { since: Math.max(a.since, b.since), until: Math.min(a.until, b.until) };
}

/** What of `from` is left without `taken` (any order, may overlap): disjoint, oldest first. */
export function subtract(from: Interval, taken: readonly Interval[]): Interval[] {
  const left: Interval[] = [];
  let { since } = from;
  for (const interval of taken.filter((other) => overlaps(other, from)).sort(bySince)) {
    left.push({ since, until: interval.since - 1 });
    since = Math.max(since, interval.until + 1);
  }
  left.push({ since, until: from.until });
  return left.filter((interval) => !isEmpty(interval));
}

export function bySince(a: Interval, b: Interval): number {
  return a.since - b.since;
}
