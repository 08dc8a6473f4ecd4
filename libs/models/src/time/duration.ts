import { AppError, type Recovery } from '../app-error.js';

/** A text that was meant to be a duration and is none. */
export class DurationError extends AppError<'duration'> {
  readonly code = 'duration';
  readonly recovery: Recovery = 'give-up';

  constructor(text: string) {
    super('a duration is a whole number and one of ms, s, m, h, d, such as 30s or 24h', { text });
  }
}

/** Milliseconds of `500ms`, `30s`, `5m`, `24h` or `7d`. Throws {@link DurationError} for anything else. */
export function parseDuration(text: string): number {
  const [, digits, unit] = /^(\d{1,15})(ms|s|m|h|d)$/.exec(text) ?? [];
  if (digits === undefined || unit === undefined) throw new DurationError(text);
  const milliseconds = Number(digits) * (MILLISECONDS[unit] ?? NaN);
  if (!Number.isSafeInteger(milliseconds)) throw new DurationError(text);
  return milliseconds;
}

/** The shortest text that {@link parseDuration} reads as these milliseconds, in whole units: 90,000 is `90s`. */
export function formatDuration(milliseconds: number): string {
  if (!Number.isSafeInteger(milliseconds) || milliseconds < 0) throw new DurationError(String(milliseconds));
  if (milliseconds === 0) return '0s';
  const [unit, size] = Object.entries(MILLISECONDS).find(([, size]) => milliseconds % size === 0) ?? ['ms', 1];
  return `${milliseconds / size}${unit}`;
}

/** Longest first. */
const MILLISECONDS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };
