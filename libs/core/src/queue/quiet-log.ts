import type { Logger } from '../logging/logger.js';

const QUIET_MS = 10_000;
const MAX_KEYS = 200;

/**
 * A backend that is away makes every client report it on every attempt: the same fault of the same place is logged at
 * most once in ten seconds, with the number of those that were not.
 */
export function createQuietLog(log: Logger, now: () => number = Date.now): (error: unknown, where: string) => void {
  const seen = new Map<string, { until: number; dropped: number }>();
  return (error, where) => {
    const code = codeOf(error);
    const key = `${where} ${code}`;
    const at = now();
    const last = seen.get(key);
    if (last && at < last.until) {
      last.dropped += 1;
      return;
    }
    if (seen.size >= MAX_KEYS) seen.clear();
    seen.set(key, { until: at + QUIET_MS, dropped: 0 });
    log.warn({ err: error, where, repeated: last?.dropped ?? 0 }, 'queue backend fault');
  };
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
