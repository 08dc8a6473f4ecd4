import { z } from 'zod';

import { defineContract } from '../contract.js';
import { requestId } from './request-id.js';

/** What we tell the world: of one relay (NIP-66, kind 30166), or of ourselves (kinds 10166, 0, 10002). */
export const PUBLICATIONS = ['discovery', 'announcement', 'profile', 'relay-list'] as const;

/** Makes an event of ours from the tables and sends it to relays. */
export const publishJob = defineContract({
  stage: 'publisher',
  queue: 'publish',
  perNetwork: false,
  version: 1,
  payload: z
    .strictObject({
      v: z.literal(1),
      what: z.enum(PUBLICATIONS),
      /** Of a discovery, and of nothing else. */
      relayId: z.int().positive().optional(),
      requestId,
    })
    .refine(({ what, relayId }) => (what === 'discovery') === (relayId !== undefined), {
      error: 'a relay belongs to a discovery',
    }),
  dedup: ({ what, relayId }) => `publish-${relayId === undefined ? what : `${what}-${relayId}`}`,
  // A publication that comes while the same one is being sent holds newer facts.
  keepLastIfActive: true,
  attempts: 5,
  budgetMs: 2 * 60_000,
});
