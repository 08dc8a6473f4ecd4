import { z } from 'zod';

import { PUBLICATIONS } from '../queue/contracts/publisher.js';

/** Text that the database can hold. */
function storable(maxLength: number) {
  return z
    .string()
    .min(1)
    .max(maxLength)
    .refine((text) => text.isWellFormed() && !text.includes('\0'), {
      error: 'holds a character that cannot be stored',
    });
}

const relay = storable(2048).describe('Relay URL');

/** What may be asked for ad hoc: by API, CLI and dashboard alike. */
export const JobRequestBody = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('seed'), urls: z.array(relay).min(1).max(10_000) }),
  z.strictObject({ kind: z.literal('find'), source: storable(200) }),
  z.strictObject({ kind: z.literal('validate'), relay }),
  z.strictObject({ kind: z.literal('monitor'), relay }),
  z.strictObject({ kind: z.literal('sync'), relay }),
  z.strictObject({ kind: z.literal('publish'), what: z.enum(PUBLICATIONS).exclude(['discovery']) }),
  z.strictObject({ kind: z.literal('maintain'), task: storable(200) }),
]);

export type JobRequestBody = z.infer<typeof JobRequestBody>;
