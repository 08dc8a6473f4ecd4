import { z } from 'zod';

import { defineContract } from '../contract.js';
import { requestId } from './request-id.js';

/** Looks for relay URLs in one source: the mentions outbox, an HTTP API, NIP-66 monitors, a back-fill scan. */
export const findJob = defineContract({
  stage: 'finder',
  queue: 'find',
  perNetwork: false,
  version: 1,
  payload: z.strictObject({ v: z.literal(1), source: z.string().min(1).max(2_000), requestId }),
  dedup: ({ source }) => `find-${source}`,
  budgetMs: 2 * 60_000,
});
