import { errorCode } from '../logging/error-code.js';
import { withDeadline } from '../metrics/with-deadline.js';

/** One thing that a role needs. Rejects when it is not there. */
export interface ReadinessCheck {
  probe(signal: AbortSignal): Promise<unknown>;
  /** The role still does its work without it, only less of it: then it is degraded, not unready. */
  readonly optional?: boolean;
}

export type ReadinessChecks = Readonly<Record<string, ReadinessCheck>>;

export interface Readiness {
  readonly status: 'ready' | 'degraded' | 'unready';
  readonly checks: Readonly<Record<string, ReadinessResult>>;
}

export type ReadinessResult =
  | { readonly ok: true; readonly ms: number }
  /** `reason` is a code: anybody may read it, so it holds no address and no statement. */
  | { readonly ok: false; readonly ms: number; readonly reason: string };

export interface ReadinessOptions {
  readonly deadlineMs?: number;
  /** Gets what the public answer leaves out. */
  readonly onFailure?: (check: string, error: unknown) => void;
}

/** Runs all checks at once, each under the deadline. */
export async function readiness(
  checks: ReadinessChecks,
  { deadlineMs = 2000, onFailure }: ReadinessOptions = {},
): Promise<Readiness> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]): Promise<readonly [string, ReadinessResult]> => {
      const started = performance.now();
      const elapsed = () => Math.round(performance.now() - started);
      try {
        // Within the async function, so that a probe that throws at once is a failed check too.
        await withDeadline(deadlineMs, async (signal) => check.probe(signal));
        return [name, { ok: true, ms: elapsed() }];
      } catch (error) {
        onFailure?.(name, error);
        return [name, { ok: false, ms: elapsed(), reason: errorCode(error) ?? 'error' }];
      }
    }),
  );
  const failed = results.filter(([, result]) => !result.ok).map(([name]) => name);
  const isUnready = failed.some((name) => checks[name]?.optional !== true);
  return {
    status: isUnready ? 'unready' : failed.length > 0 ? 'degraded' : 'ready',
    checks: Object.fromEntries(results),
  };
}
