import { z } from 'zod';

import { defineContract } from '../contract.js';
import { requestId } from './request-id.js';

/**
 * Reads a list of relay URLs. The list is a file that the worker can read, an entry of `service_data`, or, with neither,
 * the body of the job request.
 */
export const seedJob = defineContract({
  stage: 'seeder',
  queue: 'seed',
  perNetwork: false,
  version: 1,
  payload: z
    .strictObject({
      v: z.literal(1),
      /** Of the content: the same list twice is one job. */
      hash: z.string().regex(/^[0-9a-z]{8,64}$/),
      file: z.string().min(1).max(2_000).optional(),
      listKey: z.string().min(1).max(200).optional(),
      requestId,
    })
    .refine((p) => [p.file, p.listKey, p.requestId].some((where) => where !== undefined), { error: 'names no list' }),
  dedup: ({ hash }) => `seed-${hash}`,
  budgetMs: 5 * 60_000,
});
