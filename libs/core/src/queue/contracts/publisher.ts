import { z } from 'zod';

import { defineContract } from '../contract.js';
import { requestId } from './request-id.js';

/** Sends an event of ours to relays: one that is signed (`eventId`), or one to be made from the tables (`what`, of one relay when `relayId` is given). */
export const publishJob = defineContract({
  stage: 'publisher',
  queue: 'publish',
  perNetwork: false,
  version: 1,
  payload: z.strictObject({
    v: z.literal(1),
    what: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
    eventId: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional(),
    relayId: z.int().positive().optional(),
    requestId,
  }),
  dedup: ({ what, eventId, relayId }) => `publish-${eventId ?? (relayId === undefined ? what : `${what}-${relayId}`)}`,
  // A publication that comes while the same one is being sent holds newer facts.
  keepLastIfActive: true,
  attempts: 5,
  budgetMs: 2 * 60_000,
});
