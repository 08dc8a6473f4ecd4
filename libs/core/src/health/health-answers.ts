import type { Logger } from '../logging/logger.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import { withDeadline } from '../metrics/with-deadline.js';
import { readiness, type Readiness, type ReadinessChecks } from './readiness.js';

/** An HTTP answer before it has a server: ours and fastify's give the same. */
export interface HealthAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export interface HealthModules {
  readonly registry: MetricsRegistry;
  readonly checks: ReadinessChecks;
  readonly log: Logger;
}

/** By path, so that a server of any kind can mount them in a loop. Each one makes its answer and never rejects. */
export type HealthAnswers = Readonly<Record<'/healthz' | '/readyz' | '/metrics', () => Promise<HealthAnswer>>>;

const JSON_TYPE = 'application/json; charset=utf-8';
const METRICS_DEADLINE_MS = 9000;

/** Anybody may ask, so whoever asks while an answer is being made gets that one. */
export function createHealthAnswers({ registry, checks, log }: HealthModules): HealthAnswers {
  const failing = new Set<string>();

  async function ready(): Promise<HealthAnswer> {
    const answer = await readiness(checks, {
      onFailure: (check, err) => {
        if (!failing.has(check)) log.warn({ err, check }, 'readiness check fails');
        failing.add(check);
      },
    });
    for (const [check, { ok }] of Object.entries(answer.checks)) {
      if (ok && failing.delete(check)) log.info({ check }, 'readiness check passes again');
    }
    return json(answer.status === 'unready' ? 503 : 200, answer);
  }

  async function scrape(): Promise<HealthAnswer> {
    try {
      const body = await withDeadline(METRICS_DEADLINE_MS, () => registry.metrics());
      return { status: 200, contentType: registry.contentType, body };
    } catch (err) {
      log.error({ err }, 'metrics not collected');
      return json(503, { status: 'metrics not collected' });
    }
  }

  return {
    // Nothing but the process itself: if a sick database counted here, every process would be restarted for it.
    '/healthz': () => Promise.resolve(json(200, { status: 'ok' })),
    '/readyz': shared(ready),
    '/metrics': shared(scrape),
  };
}

function json(status: number, body: Readiness | { readonly status: string }): HealthAnswer {
  return { status, contentType: JSON_TYPE, body: `${JSON.stringify(body)}\n` };
}

function shared<T>(make: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => (running ??= make().finally(() => (running = undefined)));
}
