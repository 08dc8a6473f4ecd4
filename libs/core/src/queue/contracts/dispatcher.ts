import { z } from 'zod';

import { defineContract } from '../contract.js';

/** Claims due work and tops the queues up. Made by a scheduler. */
export const dispatchJob = defineContract({
  stage: 'dispatcher',
  queue: 'dispatch',
  perNetwork: false,
  version: 1,
  payload: z.strictObject({ v: z.literal(1) }),
  dedup: () => 'dispatch',
  // The next tick does what this one did not.
  attempts: 1,
  budgetMs: 30_000,
});
