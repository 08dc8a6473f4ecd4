import type { NostrEvent } from '@bigbrotr/models';

import { createEventFactory, type EventWish } from '../event-factory.js';

export interface CommonEventsOptions {
  readonly seed: number;
  readonly count: number;
}

/** 2023-01-01 and 2025-07-01, Unix seconds: long enough ago for every clock. */
export const SINCE = 1_672_531_200;
export const UNTIL = 1_751_328_000;
/** So many events share this second. */
export const BURST = { at: 1_704_067_200, count: 300 } as const;

/** What the relays hold in parts, byte for byte the same for the same options. */
export function makeCommonEvents({ seed, count }: CommonEventsOptions): NostrEvent[] {
  const factory = createEventFactory({ seed, authors: 48 });
  const odd = ODDITIES.map((wish) => factory.event(wish));
  return [...factory.corpus({ count: count - odd.length, since: SINCE, until: UNTIL, burst: BURST }), ...odd];
}

/** Valid by NIP-01, and each hard on some archive. */
const ODDITIES: readonly EventWish[] = [
  { created_at: 1, content: 'from the first second that there is' },
  { created_at: 1_230_940_800, content: 'older than the protocol' },
  { created_at: SINCE + 1, content: 'a U+0000 \u0000 in the middle' },
  { created_at: SINCE + 2, content: '', tags: [['t', 'with \u0000 in it']] },
  { created_at: SINCE + 3, content: 'long gone', tags: [['expiration', String(SINCE + 60)]] },
  {
    created_at: SINCE + 4,
    content: 'tags of all lengths',
    tags: [[], [''], ['t'], ['t', ''], ['e', '', '', '', '', '']],
  },
  { created_at: SINCE + 5, content: 'a value that no index takes', tags: [['t', 'long'.repeat(2_000)]] },
  { created_at: SINCE + 6, content: '\u007f \u2028 \u2029 "\\/\b\f\n\r\t 🏴‍☠️ \ufeff' },
  { created_at: SINCE + 7, kind: 30_023, content: 'words and words '.repeat(4_000), tags: [['d', 'long-read']] },
  { created_at: SINCE + 8, kind: 65_535, content: 'the last kind' },
];
