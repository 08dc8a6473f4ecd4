import { describe, expect, it } from '@jest/globals';

import { createEventMetrics, EVENT_VERDICTS } from './event-metrics.js';
import { createRegistry } from './registry.js';

describe('createRegistry', () => {
  it('holds the figures of the process and of its event loop, all with our prefix', async () => {
    const text = await createRegistry().metrics();

    expect(text).toContain('bigbrotr_process_resident_memory_bytes');
    expect(text).toContain('bigbrotr_nodejs_eventloop_lag_p99_seconds');
    expect(text.match(/^(?!#|bigbrotr_).+/gm)).toBeNull();
  });

  it('shares nothing with another one', async () => {
    const one = createRegistry();
    createEventMetrics(one);
    const two = createRegistry();
    createEventMetrics(two);

    expect(await one.metrics()).toContain('bigbrotr_events_total');
    expect(await two.metrics()).toContain('bigbrotr_events_total');
  });
});

describe('createEventMetrics', () => {
  it('counts by verdict, from zero on', async () => {
    const registry = createRegistry();
    const events = createEventMetrics(registry);

    events.count('stored');
    events.count('known', 40);

    const text = await registry.metrics();
    expect(text).toContain('bigbrotr_events_total{verdict="stored"} 1\n');
    expect(text).toContain('bigbrotr_events_total{verdict="known"} 40\n');
    expect(text).toContain('bigbrotr_events_total{verdict="bad-signature"} 0\n');
    expect(text.match(/^bigbrotr_events_total/gm)).toHaveLength(EVENT_VERDICTS.length);
  });
});
