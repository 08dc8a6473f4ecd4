import { describe, expect, it } from '@jest/globals';
import { KeyedLimiter } from './keyed-limiter.js';

const never = new AbortController().signal;

describe('KeyedLimiter', () => {
  it('admits up to the limit of each key, then in order of arrival', async () => {
    const limiter = new KeyedLimiter(10);
    const order: number[] = [];
    const release = await limiter.acquire('a', 1, never);
    const waiting = [1, 2].map(async (number) => {
      const leave = await limiter.acquire('a', 1, never);
      order.push(number);
      leave?.();
    });
    await limiter.acquire('b', 1, never);
    expect(order).toEqual([]);
    release?.();
    await Promise.all(waiting);
    expect(order).toEqual([1, 2]);
  });

  it('gives a place back only once', async () => {
    const limiter = new KeyedLimiter(0);
    const release = await limiter.acquire('a', 2, never);
    await limiter.acquire('a', 2, never);
    release?.();
    release?.();
    expect(await limiter.acquire('a', 2, never)).toBeDefined();
    expect(await limiter.acquire('a', 2, never)).toBeUndefined();
  });

  it('lets one kind of holder have more places than another', async () => {
    const limiter = new KeyedLimiter(1);
    await limiter.acquire('a', 1, never);
    expect(await limiter.acquire('a', 2, never)).toBeDefined();
  });

  it('passes over a waiter whose own limit is not met yet', async () => {
    const limiter = new KeyedLimiter(2);
    const [first] = [await limiter.acquire('a', 2, never), await limiter.acquire('a', 2, never)];
    const admitted: string[] = [];
    void limiter.acquire('a', 1, never).then(() => admitted.push('small'));
    const big = limiter.acquire('a', 2, never).then(() => admitted.push('big'));
    first?.();
    await big;
    expect(admitted).toEqual(['big']);
  });

  it('bounds the queue of all keys together', async () => {
    const limiter = new KeyedLimiter(1);
    await limiter.acquire('a', 1, never);
    await limiter.acquire('b', 1, never);
    void limiter.acquire('a', 1, never);
    expect(await limiter.acquire('b', 1, never)).toBeUndefined();
  });

  it('forgets a waiter that gives up', async () => {
    const limiter = new KeyedLimiter(1);
    const release = await limiter.acquire('a', 1, never);
    const impatient = new AbortController();
    const waiting = limiter.acquire('a', 1, impatient.signal);
    impatient.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');

    const patient = limiter.acquire('a', 1, never);
    release?.();
    expect(await patient).toBeDefined();
    await expect(limiter.acquire('c', 1, impatient.signal)).rejects.toThrow('enough');
  });
});
