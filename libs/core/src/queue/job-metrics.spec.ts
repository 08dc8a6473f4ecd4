import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';

import { createJobMetrics } from './job-metrics.js';

describe('job metrics', () => {
  it('counts words, and what is no word as other', async () => {
    const registry = new Registry();
    const metrics = createJobMetrics(registry);
    metrics.outcome('sync-tor', 'online');
    metrics.outcome('sync-tor', 'wss://relay.example');
    metrics.outcome('sync-tor', 'X'.repeat(400));
    metrics.waited('sync-tor', -0.5);
    metrics.ran('sync-tor', 12);

    const text = await registry.metrics();
    expect(text).toContain('bigbrotr_job_outcomes_total{queue="sync-tor",outcome="online"} 1');
    expect(text).toContain('bigbrotr_job_outcomes_total{queue="sync-tor",outcome="other"} 2');
    expect(text).toContain('bigbrotr_job_wait_seconds_sum{queue="sync-tor"} 0');
    expect(text).toContain('bigbrotr_job_run_seconds_sum{queue="sync-tor"} 12');
  });
});
