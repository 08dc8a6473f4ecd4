import { getEventListeners, getMaxListeners, once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { Deadline } from './deadline.js';
import { sleep } from './sleep.js';

describe('Deadline', () => {
  it('fires when the budget is used up, and says so', async () => {
    using deadline = new Deadline(20);
    await once(deadline.signal, 'abort');
    expect(deadline.expired).toBe(true);
    expect(deadline.signal.reason).toMatchObject({ name: 'TimeoutError' });
    expect(deadline.remainingMs).toBe(0);
  });

  it("fires with its parent, for the parent's reason", () => {
    const parent = new AbortController();
    using deadline = new Deadline(10_000, parent.signal);
    parent.abort('stop');
    expect(deadline.signal.reason).toBe('stop');
    expect(deadline.expired).toBe(false);
  });

  it('is over at once under a parent that is over', () => {
    using deadline = new Deadline(10_000, AbortSignal.abort('stop'));
    expect(deadline.signal.reason).toBe('stop');
  });

  it('does not count the time on hold', async () => {
    using deadline = new Deadline(60);
    deadline.hold();
    await sleep(90);
    expect(deadline.signal.aborted).toBe(false);
    expect(deadline.elapsedMs).toBeLessThan(30);
    deadline.resume();
    await once(deadline.signal, 'abort');
    expect(deadline.expired).toBe(true);
  });

  it('leaves nothing behind on a long-lived parent', () => {
    const parent = new AbortController();
    {
      using deadline = new Deadline(10_000, parent.signal);
      expect(deadline.signal.aborted).toBe(false);
      expect(getEventListeners(parent.signal, 'abort')).toHaveLength(1);
    }
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(0);
  });

  it('may hang on one signal with any number of others, without a warning', () => {
    const parent = new AbortController();
    const deadlines = Array.from({ length: 50 }, () => new Deadline(10_000, parent.signal));
    expect(getMaxListeners(parent.signal)).toBe(Infinity);
    parent.abort();
    expect(deadlines.every(({ signal }) => signal.aborted)).toBe(true);
  });

  it('can be cancelled', () => {
    using deadline = new Deadline(10_000);
    deadline.cancel();
    deadline.resume();
    expect(deadline.signal.aborted).toBe(true);
    expect(deadline.expired).toBe(false);
  });
});
