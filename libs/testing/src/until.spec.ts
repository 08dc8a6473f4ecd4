import { describe, expect, it } from '@jest/globals';
import { until } from './until.js';

describe('until', () => {
  it('hands on the first value that counts', async () => {
    const values = [undefined, 0, '', 'here'];

    expect(await until(() => values.shift(), { everyMs: 1 })).toBe('here');
    expect(values).toEqual([]);
  });

  it('takes an exception for "not yet" and tells the last one', async () => {
    let calls = 0;
    expect(await until(() => (calls++ < 3 ? Promise.reject(new Error('soon')) : calls), { everyMs: 1 })).toBe(4);

    const never = until(() => Promise.reject(new Error('never')), { timeoutMs: 20, everyMs: 1 });
    await expect(never).rejects.toMatchObject({
      message: expect.stringContaining('20 ms'),
      cause: { message: 'never' },
    });
  });
});
