import { z } from 'zod';

import { PUBLICATIONS } from '../queue/contracts/publisher.js';

const relay = z.string().min(1).max(2048).describe('Relay URL');

/** What may be asked for ad hoc: by API, CLI and dashboard alike. */
export const JobRequestBody = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('seed'), urls: z.array(relay).min(1).max(10_000) }),
  z.strictObject({ kind: z.literal('find'), source: z.string().min(1).max(200) }),
  z.strictObject({ kind: z.literal('validate'), relay }),
  z.strictObject({ kind: z.literal('monitor'), relay }),
  z.strictObject({ kind: z.literal('sync'), relay }),
  z.strictObject({ kind: z.literal('publish'), what: z.enum(PUBLICATIONS).exclude(['discovery']) }),
  z.strictObject({ kind: z.literal('maintain'), task: z.string().min(1).max(200) }),
]);

export type JobRequestBody = z.infer<typeof JobRequestBody>;
