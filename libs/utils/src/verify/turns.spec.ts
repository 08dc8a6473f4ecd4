import { describe, expect, it } from '@jest/globals';

import { createTurns } from './turns.js';

/** Holds the thread. */
function toil(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** Does so many pieces of work, in turns. */
async function work(nextTurn: () => Promise<number>, pieces: number, piece: () => void): Promise<void> {
  for (let left = pieces; left > 0;) {
    const until = await nextTurn();
    do {
      piece();
      left -= 1;
    } while (left > 0 && performance.now() < until);
  }
}

describe('createTurns', () => {
  it('gives the time until which to work', async () => {
    const before = performance.now();

    const until = await createTurns(30)();

    expect(until).toBeGreaterThanOrEqual(before + 30);
    expect(until).toBeLessThanOrEqual(performance.now() + 30);
  });

  it('goes round those who wait', async () => {
    const nextTurn = createTurns(4);
    const order: string[] = [];

    await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        work(nextTurn, 3, () => {
          order.push(name);
          toil(5);
        }),
      ),
    );

    expect(order.join('')).toBe('abcabcabc');
  });

  it('gives one turn per turn of the event loop', async () => {
    const nextTurn = createTurns(10);
    let turnsOfTheLoop = 0;
    let running = true;
    const count = (): void => {
      turnsOfTheLoop += 1;
      if (running) setImmediate(count);
    };
    setImmediate(count);

    await Promise.all(Array.from({ length: 20 }, () => nextTurn()));
    running = false;

    expect(turnsOfTheLoop).toBeGreaterThanOrEqual(20);
  });
});
