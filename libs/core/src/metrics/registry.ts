import { collectDefaultMetrics, Registry } from 'prom-client';

export const METRIC_PREFIX = 'bigbrotr_';

/** A register of its own for one process: nothing is shared between houses, and specs may build as many as they like. */
export type MetricsRegistry = Registry;

/** Comes with the figures of the process: CPU, memory, file descriptors, event-loop lag, garbage collection. */
export function createRegistry(): MetricsRegistry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: METRIC_PREFIX });
  return registry;
}
