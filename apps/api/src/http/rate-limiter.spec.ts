import { describe, expect, it } from '@jest/globals';

import { clientKey, createRateLimiter } from './rate-limiter.js';

describe('createRateLimiter', () => {
  it('lets a burst through, then one as often as it says', () => {
    let now = 0;
    const limiter = createRateLimiter({ burst: 3, perSecond: 2 }, () => now);
    const turn = () => limiter.take('a').ok;

    expect([turn(), turn(), turn(), turn()]).toEqual([true, true, true, false]);
    now = 400;
    expect(turn()).toBe(false);
    now = 500;
    expect([turn(), turn()]).toEqual([true, false]);
    now = 60_000;
    expect([turn(), turn(), turn(), turn()]).toEqual([true, true, true, false]);
  });

  it('says when to come back, in whole seconds', () => {
    const limiter = createRateLimiter({ burst: 1, perSecond: 0.1 }, () => 0);
    limiter.take('a');

    expect(limiter.take('a')).toEqual({ ok: false, retryAfterSeconds: 10 });
  });

  it('keeps clients apart', () => {
    const limiter = createRateLimiter({ burst: 1, perSecond: 1 }, () => 0);

    expect([limiter.take('a').ok, limiter.take('b').ok, limiter.take('a').ok]).toEqual([true, true, false]);
  });

  it('forgets the client that was quiet for longest, and no other', () => {
    const limiter = createRateLimiter({ burst: 1, perSecond: 0.001, clients: 2 }, () => 0);
    limiter.take('a');
    limiter.take('b');
    limiter.take('a');
    limiter.take('c'); // b goes

    expect([limiter.take('a').ok, limiter.take('c').ok, limiter.take('b').ok]).toEqual([false, false, true]);
  });
});

describe('clientKey', () => {
  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['::ffff:203.0.113.9', '::ffff:203.0.113.9'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8::6', '2001:db8:0:0'],
    ['2001:db8:1:2::', '2001:db8:1:2'],
    ['::1', '0:0:0:0'],
  ])('counts %s as %s', (address, expected) => {
    expect(clientKey(address)).toBe(expected);
  });
});
