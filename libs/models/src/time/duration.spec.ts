import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { AppError } from '../app-error.js';
import { DurationError, formatDuration, parseDuration } from './duration.js';

describe('parseDuration', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
    ['0s', 0],
    ['090s', 90_000],
  ])('%s: %d', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each([
    '',
    '30',
    's',
    '-5m',
    '1.5h',
    '5 m',
    ' 5m',
    '5m ',
    '5M',
    '5min',
    '1h30m',
    '1e3s',
    '999999999999999d',
    '5m\n',
  ])('throws for %j', (text) => {
    expect(() => parseDuration(text)).toThrow(DurationError);
  });

  it('throws an error that carries the text', () => {
    const error = new DurationError('soon');

    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({
      name: 'DurationError',
      code: 'duration',
      recovery: 'give-up',
      detail: { text: 'soon' },
    });
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [1, '1ms'],
    [1_500, '1500ms'],
    [90_000, '90s'],
    [3_600_000, '1h'],
    [86_400_000, '1d'],
    [90_000_000, '25h'],
  ])('%d: %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  it.each([-1, 1.5, NaN, Infinity])('throws for %d', (milliseconds) => {
    expect(() => formatDuration(milliseconds)).toThrow(DurationError);
  });

  it('is read back as what it was', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(1, 1_000, 60_000, 3_600_000), (count, size) => {
        expect(parseDuration(formatDuration(count * size))).toBe(count * size);
      }),
      { seed: 17 },
    );
  });
});
