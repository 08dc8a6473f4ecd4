import type { Now } from '../ports/clock.js';

/** Whole seconds, which is how Nostr counts time. */
export function unixNow(now: Now): number {
  return Math.floor(now() / 1_000);
}
