import { describe, expect, it } from '@jest/globals';

import { Closers } from './closers.js';

describe('Closers', () => {
  it('closes in reverse order, one after the other', async () => {
    const closers = new Closers();
    const closed: string[] = [];
    closers.defer(() => closed.push('first'));
    closers.defer(async () => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      closed.push('second');
    });
    closers.defer(() => closed.push('third'));

    await closers.close();

    expect(closed).toEqual(['third', 'second', 'first']);
  });

  it('closes the others when some throw, reject or hang, and tells of all of them', async () => {
    const closers = new Closers(50);
    const closed: string[] = [];
    closers.defer(() => closed.push('bottom'));
    closers.defer(() => new Promise(() => undefined));
    closers.defer(() => Promise.reject(new Error('rejects')));
    closers.defer(() => {
      throw new Error('throws');
    });
    closers.defer(() => closed.push('top'));

    const failure: unknown = await closers.close().catch((error: unknown) => error);

    expect(closed).toEqual(['top', 'bottom']);
    expect(failure).toBeInstanceOf(AggregateError);
    expect((failure as AggregateError).errors.map(String)).toEqual([
      'Error: throws',
      'Error: rejects',
      'Error: close took too long',
    ]);
  });

  it('closes once, and lets everybody who asks wait for the end', async () => {
    const closers = new Closers();
    let closes = 0;
    let isClosed = false;
    closers.defer(async () => {
      closes += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
      isClosed = true;
    });

    void closers.close();
    await closers.close();

    expect({ closes, isClosed }).toEqual({ closes: 1, isClosed: true });
  });

  it('has nothing to say when nothing was opened', async () => {
    await expect(new Closers().close()).resolves.toBeUndefined();
  });
});
