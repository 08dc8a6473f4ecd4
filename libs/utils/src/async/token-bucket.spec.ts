import { describe, expect, it } from '@jest/globals';
import { TokenBucket } from './token-bucket.js';

const never = new AbortController().signal;

describe('TokenBucket', () => {
  it('lets a burst through, then paces', async () => {
    const bucket = new TokenBucket({ perSecond: 50, burst: 3 });
    const start = performance.now();
    for (let taken = 0; taken < 3; taken += 1) await bucket.take(0, never);
    expect(performance.now() - start).toBeLessThan(15);
    await bucket.take(1000, never);
    await bucket.take(1000, never);
    expect(performance.now() - start).toBeGreaterThanOrEqual(38);
  });

  it('never makes the first one wait, whatever the clock says', async () => {
    for (let now = 0.1; now < 1000; now *= 1.01) {
      const bucket = new TokenBucket({ perSecond: 0.3, burst: 1 }, () => now);
      expect(await bucket.take(0, never)).toBe(true);
    }
  });

  it('refuses at once whoever would have to wait too long', async () => {
    const bucket = new TokenBucket({ perSecond: 1, burst: 1 }, () => 0);
    expect(await bucket.take(0, never)).toBe(true);
    expect(await bucket.take(999, never)).toBe(false);
  });

  it('fills up again with time, but not beyond the burst', async () => {
    let now = 0;
    const bucket = new TokenBucket({ perSecond: 1, burst: 2 }, () => now);
    now = 100_000;
    const answers = [await bucket.take(0, never), await bucket.take(0, never), await bucket.take(0, never)];
    expect(answers).toEqual([true, true, false]);
    now += 1000;
    expect(await bucket.take(0, never)).toBe(true);
    expect(await bucket.take(0, never)).toBe(false);
  });

  it('stops waiting when told to', async () => {
    const bucket = new TokenBucket({ perSecond: 0.1, burst: 1 });
    await bucket.take(0, never);
    const controller = new AbortController();
    const waiting = bucket.take(60_000, controller.signal);
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });
});
