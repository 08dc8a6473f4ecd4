import type { Interval } from '@bigbrotr/models';

/** Nostr is younger than this; what is dated earlier is rare. */
const GENESIS = 1_600_000_000;

/**
 * Two windows for one that holds too much, the newer last: where events lie thick, in the middle; before that the empty
 * ages are cut off. Undefined for a single second.
 */
export function splitWindow({ since, until }: Interval, now: number): [older: Interval, newer: Interval] | undefined {
  if (since >= until) return undefined;
  const cut = cutOf(since, until, now);
  return [
    { since, until: cut },
    { since: cut + 1, until },
  ];
}

function cutOf(since: number, until: number, now: number): number {
  if (since <= now && now < until) return now;
  if (since <= GENESIS && GENESIS < until) return GENESIS;
  return since + Math.floor((until - since) / 2);
}
