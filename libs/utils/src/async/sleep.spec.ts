import { describe, expect, it } from '@jest/globals';
import { sleep } from './sleep.js';

describe('sleep', () => {
  it('waits', async () => {
    const start = performance.now();
    await sleep(30);
    expect(performance.now() - start).toBeGreaterThanOrEqual(29);
  });

  it("rejects with the signal's own reason", async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const sleeping = sleep(60_000, controller.signal);
    controller.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    await expect(sleep(0, controller.signal)).rejects.toBe(reason);
  });

  it('does not fire at once when the time is more than a timer holds', async () => {
    await expect(sleep(2 ** 40, AbortSignal.timeout(30))).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});
