import { setTimeout as delay } from 'node:timers/promises';
import { describe, it, expect, jest } from '@jest/globals';
import { SilenceTimer } from './silence-timer.js';

function startTimer(silenceMs: number) {
  const fired: number[] = [];
  const startedAt = performance.now();
  const timer = new SilenceTimer(silenceMs, () => fired.push(performance.now() - startedAt));
  return { timer, fired };
}

/** Keeps the event loop from turning. */
function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe('SilenceTimer', () => {
  it('fires once after the silence', async () => {
    const { fired } = startTimer(30);

    await delay(120);

    expect(fired).toHaveLength(1);
    expect(fired[0]).toBeGreaterThanOrEqual(29);
  });

  it('counts from the last time that something was heard', async () => {
    const { timer, fired } = startTimer(60);
    await delay(40);

    timer.heard();
    await delay(40);
    expect(fired).toHaveLength(0);

    await delay(60);
    expect(fired).toHaveLength(1);
  });

  it('stands still while held, and starts anew', async () => {
    const { timer, fired } = startTimer(30);

    timer.hold();
    await delay(80);
    expect(fired).toHaveLength(0);

    timer.resume();
    await delay(80);
    expect(fired).toHaveLength(1);
  });

  it('lets a blocked event loop hear first', async () => {
    const { timer, fired } = startTimer(30);
    // Like a socket, an immediate that waits for the loop: it runs after timers, as reads do.
    setImmediate(() => timer.heard());
    setTimeout(() => timer.stop(), 45);

    block(60);
    await delay(10);

    expect(fired).toHaveLength(0);
    timer.stop();
  });

  it.each([
    ['stopped', 20, (timer: SilenceTimer) => timer.stop()],
    [
      'stopped and then resumed',
      20,
      (timer: SilenceTimer) => {
        timer.stop();
        timer.resume();
      },
    ],
    ['told to wait for ever', Infinity, () => undefined],
    ['told to wait longer than timers can', 2 ** 40, () => undefined],
  ])('neither fires nor runs when %s', async (_, silenceMs, act) => {
    const timers = jest.spyOn(globalThis, 'setTimeout');
    const { timer, fired } = startTimer(silenceMs);

    act(timer);
    await delay(60);

    expect(fired).toHaveLength(0);
    expect(timers.mock.calls.length).toBeLessThanOrEqual(1);
    timers.mockRestore();
    timer.stop();
  });
});
