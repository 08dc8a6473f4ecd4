import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { Registry } from 'prom-client';

import type { JobQueue } from './backend.js';
import { monitorJob } from './contracts/monitor.js';
import { createJobMetrics } from './job-metrics.js';
import { handle } from './outcome.js';
import { createProcessor } from './processor.js';
import { createSoloGate } from './solo-gate.js';

/** Not reached: no job runs here. */
const nothing: unknown = undefined;

describe('processor', () => {
  it('declares the three parameters without which BullMQ gives no signal', () => {
    const processor = createProcessor(
      { queue: 'monitor-tor', network: 'tor' },
      {
        registration: handle(monitorJob, () => Promise.resolve({ kind: 'done', result: 'ok' })),
        producer: nothing as JobQueue,
        metrics: createJobMetrics(new Registry()),
        log: pino({ level: 'silent' }),
        gate: createSoloGate(
          () => undefined,
          () => undefined,
        ),
        runs: new Map(),
        isClosing: () => false,
        onShutDown: () => undefined,
      },
    );

    expect(processor).toHaveLength(3);
  });
});
