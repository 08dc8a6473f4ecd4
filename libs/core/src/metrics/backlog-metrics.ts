import type { Network } from '@bigbrotr/models';
import { Gauge } from 'prom-client';

import type { Logger } from '../logging/logger.js';
import type { StageName } from '../queue/contract.js';
import { METRIC_PREFIX, type MetricsRegistry } from './registry.js';
import { withDeadline } from './with-deadline.js';

/** Work that is due in the database, whether or not it is queued already. */
export interface Backlog {
  readonly stage: StageName;
  readonly network: Network;
  readonly due: number;
  /** How long the oldest of it has been due. */
  readonly oldestSeconds: number;
}

export type ReadBacklog = (signal: AbortSignal) => Promise<readonly Backlog[]>;

export interface BacklogMetricsOptions {
  readonly log: Logger;
  /** A scrape does not wait longer; Prometheus itself gives up after 10 s by default. */
  readonly deadlineMs?: number;
}

/**
 * Read at scrape time, once for both gauges. When the database does not answer, the series are absent: an old figure
 * would look like a healthy one.
 */
export function createBacklogMetrics(
  registry: MetricsRegistry,
  read: ReadBacklog,
  { log, deadlineMs = 5000 }: BacklogMetricsOptions,
): void {
  const labelNames = ['stage', 'network'] as const;
  const due = gauge('due_backlog', 'Tasks that are due');
  const oldest = gauge('due_oldest_seconds', 'For how long the oldest due task has been due');
  let collecting: Promise<void> | undefined;
  let reading: Promise<readonly Backlog[]> | undefined;

  function gauge(name: string, help: string): Gauge<'stage' | 'network'> {
    return new Gauge({ name: METRIC_PREFIX + name, help, labelNames, registers: [registry], collect });
  }

  function collect(): Promise<void> {
    return (collecting ??= refresh().finally(() => (collecting = undefined)));
  }

  /** A read that outlives its deadline is not started a second time beside itself. */
  function readOnce(signal: AbortSignal): Promise<readonly Backlog[]> {
    return (reading ??= read(signal).finally(() => (reading = undefined)));
  }

  async function refresh(): Promise<void> {
    let rows: readonly Backlog[] = [];
    try {
      rows = await withDeadline(deadlineMs, readOnce);
    } catch (err) {
      log.warn({ err }, 'backlog not read');
    }
    due.reset();
    oldest.reset();
    for (const { stage, network, ...row } of rows) {
      due.set({ stage, network }, row.due);
      oldest.set({ stage, network }, row.oldestSeconds);
    }
  }
}
