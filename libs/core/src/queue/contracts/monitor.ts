import { z } from 'zod';

import { defineContract } from '../contract.js';
import { requestId } from './request-id.js';

/** NIP-11 and NIP-66 checks of one relay. */
export const monitorJob = defineContract({
  stage: 'monitor',
  queue: 'monitor',
  perNetwork: true,
  version: 1,
  payload: z.strictObject({ v: z.literal(1), relayId: z.int().positive(), requestId }),
  dedup: ({ relayId }) => `monitor-${relayId}`,
  // Several checks, one after the other, each of which may wait for a Tor circuit.
  budgetMs: 3 * 60_000,
});
