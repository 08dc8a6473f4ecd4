import { describe, expect, it } from '@jest/globals';

import { withDeadline } from './with-deadline.js';

describe('withDeadline', () => {
  it('gives what the work gives', async () => {
    await expect(withDeadline(1000, () => Promise.resolve(7))).resolves.toBe(7);
  });

  it('fails as the work fails', async () => {
    await expect(withDeadline(1000, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  });

  it('ends work that takes too long, and tells it', async () => {
    let signal: AbortSignal | undefined;
    const late = withDeadline(10, (given) => {
      signal = given;
      return new Promise(() => undefined);
    });

    await expect(late).rejects.toMatchObject({ code: 'deadline', recovery: 'retry', detail: { ms: 10 } });
    expect(signal?.aborted).toBe(true);
  });

  it('leaves the signal of finished work alone', async () => {
    const signal = await withDeadline(10, (given) => Promise.resolve(given));
    await new Promise((resolve) => setTimeout(resolve, 20));

    expect(signal.aborted).toBe(false);
  });
});
