import { z } from 'zod';

import { defineContract } from '../contract.js';
import { requestId } from './request-id.js';

/** Proves that a candidate speaks Nostr. */
export const validateJob = defineContract({
  stage: 'validator',
  queue: 'validate',
  perNetwork: true,
  version: 1,
  payload: z.strictObject({ v: z.literal(1), candidateId: z.int().positive(), requestId }),
  dedup: ({ candidateId }) => `validate-${candidateId}`,
  // A Tor circuit alone may take a minute.
  budgetMs: 2 * 60_000,
});
