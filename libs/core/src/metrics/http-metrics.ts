import { Counter, Gauge, Histogram } from 'prom-client';

import { METRIC_PREFIX, type MetricsRegistry } from './registry.js';

export interface HttpMetrics {
  /** `route` is the pattern, never the path: ids and URLs are no labels. */
  answered(method: string, route: string, status: number, seconds: number): void;
}

/** What the API does, by route. `streams` reads how many event streams are open. */
export function createHttpMetrics(registry: MetricsRegistry, streams: () => number): HttpMetrics {
  const requests = new Counter({
    name: `${METRIC_PREFIX}http_requests_total`,
    help: 'Requests answered, by route and status',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: `${METRIC_PREFIX}http_request_seconds`,
    help: 'Time to the end of an answer, by route',
    labelNames: ['method', 'route'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [registry],
  });
  new Gauge({
    name: `${METRIC_PREFIX}http_streams`,
    help: 'Event streams of jobs that are open',
    registers: [registry],
    collect() {
      this.set(streams());
    },
  });
  return {
    answered(method, route, status, duration) {
      requests.inc({ method, route, status: String(status) });
      seconds.observe({ method, route }, duration);
    },
  };
}
