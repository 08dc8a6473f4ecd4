import { z } from 'zod';

import { defineContract } from '../contract.js';
import { requestId } from './request-id.js';

/** One housekeeping task: orphans, statistics, retention, reconcile, dead-letter mirror. */
export const maintainJob = defineContract({
  stage: 'maintainer',
  queue: 'maintain',
  perNetwork: false,
  version: 1,
  payload: z.strictObject({ v: z.literal(1), task: z.string().regex(/^[a-z][a-z0-9-]{0,59}$/), requestId }),
  dedup: ({ task }) => `maintain-${task}`,
  attempts: 2,
  budgetMs: 30 * 60_000,
});
