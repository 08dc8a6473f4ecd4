import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { OPEN } from './page-walk.js';
import { splitWindow } from './split-window.js';

const NOW = 1_800_000_000;

describe('splitWindow', () => {
  it('cuts off the future, then the ages before Nostr, then halves', () => {
    expect(splitWindow({ since: 0, until: OPEN }, NOW)).toEqual([
      { since: 0, until: NOW },
      { since: NOW + 1, until: OPEN },
    ]);
    expect(splitWindow({ since: 0, until: NOW }, NOW)).toEqual([
      { since: 0, until: 1_600_000_000 },
      { since: 1_600_000_001, until: NOW },
    ]);
    expect(splitWindow({ since: 1_700_000_000, until: 1_700_000_003 }, NOW)).toEqual([
      { since: 1_700_000_000, until: 1_700_000_001 },
      { since: 1_700_000_002, until: 1_700_000_003 },
    ]);
  });

  it('has nothing to cut in a single second', () => {
    expect(splitWindow({ since: 5, until: 5 }, NOW)).toBeUndefined();
  });

  it('loses no second and ends', () => {
    const second = fc.integer({ min: 0, max: OPEN });
    fc.assert(
      fc.property(second, second, (a, b) => {
        let window = { since: Math.min(a, b), until: Math.max(a, b) };
        for (let depth = 0; depth < 80; depth++) {
          const parts = splitWindow(window, NOW);
          if (!parts) return;
          expect([parts[0].since, parts[0].until + 1, parts[1].until]).toEqual([
            window.since,
            parts[1].since,
            window.until,
          ]);
          window = depth % 2 === 0 ? parts[0] : parts[1];
        }
        throw new Error('does not end');
      }),
      { seed: 3 },
    );
  });
});
