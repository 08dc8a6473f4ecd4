import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import { Duration } from './duration.js';

describe('Duration', () => {
  it.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['5m', 300_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
  ])('reads %s', (text, ms) => {
    expect(Duration.parse(text)).toBe(ms);
  });

  it.each(['', '30', '30 sec', '-5s', 's', 30, null])('refuses %p', (value) => {
    expect(Duration.safeParse(value).success).toBe(false);
  });

  it('can be a default in its written form', () => {
    expect(z.strictObject({ every: Duration.prefault('5m') }).parse({})).toEqual({ every: 300_000 });
  });

  it('is written as it was read', () => {
    expect([z.encode(Duration, 90_000), z.encode(Duration, 0)]).toEqual(['90s', '0s']);
  });
});
