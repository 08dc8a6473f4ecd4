import { z } from 'zod';

import { defineContract } from '../contract.js';
import { requestId } from './request-id.js';

/** One time slice of one relay. Work that remains goes to the tail of the queue as a new slice. */
export const syncJob = defineContract({
  stage: 'synchronizer',
  queue: 'sync',
  perNetwork: true,
  version: 1,
  payload: z.strictObject({ v: z.literal(1), relayId: z.int().positive(), requestId }),
  dedup: ({ relayId }) => `sync-${relayId}`,
  keepLastIfActive: true,
  attempts: 5,
  // A slice asks for 30 s at most; the rest is for the connection and the last commit.
  budgetMs: 60_000,
});
