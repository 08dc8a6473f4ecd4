import { Counter } from 'prom-client';

import { METRIC_PREFIX, type MetricsRegistry } from './registry.js';

/** What became of an event that a relay sent, in the order of the checks. */
export const EVENT_VERDICTS = [
  'oversized', // frame too large to look into
  'malformed', // not an event by its shape
  'unasked', // of another subscription, or outside the filter
  'wrong-id', // id is not the hash of its contents
  'known', // archived before; the relay is added to its provenance
  'bad-signature',
  'declined', // ephemeral, or our policy
  'stored',
] as const;

export type EventVerdict = (typeof EVENT_VERDICTS)[number];

export interface EventMetrics {
  count(verdict: EventVerdict, events?: number): void;
}

export function createEventMetrics(registry: MetricsRegistry): EventMetrics {
  const events = new Counter({
    name: `${METRIC_PREFIX}events_total`,
    help: 'Events received from relays, by what became of them',
    labelNames: ['verdict'],
    registers: [registry],
  });
  // A rate needs the zero before the first event.
  for (const verdict of EVENT_VERDICTS) events.inc({ verdict }, 0);
  return { count: (verdict, count = 1) => events.inc({ verdict }, count) };
}
