import { JobRequestBody, type JobRequest } from '@bigbrotr/core';
import { z } from 'zod';

const time = z.iso.datetime().nullable();

/** A job as whoever asked for it sees it. */
export const JobView = z
  .object({
    id: z.uuid(),
    kind: z.string(),
    status: z.enum(['queued', 'running', 'done', 'failed', 'cancelled']),
    request: JobRequestBody,
    queue: z.string().nullable().describe('The queue that has it; null until one has.'),
    progress: z.number().nullable().describe('Percent, where the work says how far it is.'),
    result: z.string().nullable().describe('One word about what came of it.'),
    error: z.string().nullable(),
    cancelRequested: z.boolean(),
    createdAt: time,
    startedAt: time,
    finishedAt: time,
    links: z.object({ self: z.string(), events: z.string(), cancel: z.string(), retry: z.string() }),
  })
  .meta({ id: 'Job' });
export type JobView = z.output<typeof JobView>;

export function toJobView(request: JobRequest, progress?: number): JobView {
  const self = `/v1/jobs/${request.id}`;
  return {
    id: request.id,
    kind: request.body.kind,
    status: request.status,
    request: request.body,
    queue: request.queue,
    progress: progress ?? null,
    result: request.result,
    error: request.error,
    cancelRequested: request.cancelRequested,
    createdAt: request.createdAt.toISOString(),
    startedAt: request.startedAt?.toISOString() ?? null,
    finishedAt: request.finishedAt?.toISOString() ?? null,
    links: { self, events: `${self}/events`, cancel: self, retry: `${self}/retry` },
  };
}

/** What a person who only reads may see: an error can speak of our insides. */
export function forAnybody(view: JobView): JobView {
  return view.error === null ? view : { ...view, error: 'failed; the reason is for operators' };
}

export function isOver({ status }: Pick<JobRequest, 'status'>): boolean {
  return status === 'done' || status === 'failed' || status === 'cancelled';
}
