import type { RelayRow } from '@bigbrotr/core';
import { NETWORKS, RELAY_STATUSES } from '@bigbrotr/models';
import { z } from 'zod';

const unixSeconds = z.int();

export const RelayView = z
  .object({
    id: z.int(),
    url: z.string(),
    network: z.enum(NETWORKS),
    status: z.enum(RELAY_STATUSES),
    reason: z.string().nullable(),
    since: unixSeconds.nullable().describe('When the status became what it is.'),
    discoveredAt: unixSeconds,
    lastSeenAt: unixSeconds.nullable(),
  })
  .meta({ id: 'Relay' });
export type RelayView = z.output<typeof RelayView>;

export function toRelayView({
  id,
  url,
  network,
  status,
  reason,
  since,
  discoveredAt,
  lastSeenAt,
}: RelayRow): RelayView {
  return { id, url, network, status, reason, since, discoveredAt, lastSeenAt };
}
