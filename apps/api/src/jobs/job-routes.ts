import { JobRequestBody, type QueueBackend } from '@bigbrotr/core';
import { z } from 'zod';

import { HttpProblem } from '../http/http-problem.js';
import { defineRoute, type Exchange, type Route } from '../http/route.js';
import type { JobDesk } from './job-desk.js';
import { forAnybody, JobView, toJobView } from './job-view.js';
import { readProgress, type JobStreams } from './job-streams.js';

const params = z.strictObject({ id: z.uuid() });
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,200}$/;

export interface JobRouteModules {
  readonly desk: JobDesk;
  readonly streams: JobStreams;
  readonly backend: QueueBackend;
}

export function jobRoutes({ desk, streams, backend }: JobRouteModules): Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/v1/jobs',
      summary: 'Ask for work',
      details:
        'The request is written down first, so it is taken while the queue is away, too. Work that waits or runs already is joined and moved to the front. `Idempotency-Key` makes it safe to send the same request again.',
      need: 'operator',
      action: 'job.create',
      body: JobRequestBody,
      answers: {
        202: {
          description: 'Taken. `links.self` says what becomes of it, `links.events` tells it as it happens.',
          schema: JobView,
        },
        404: { description: '`monitor` and `sync`: the relay is not known.' },
        409: { description: 'The Idempotency-Key was used with another body.' },
        422: { description: 'Not a relay URL (`reason` is the word of the law), or a network that is not enabled.' },
      },
      async answer({ body }, { actor = 'operator', headers, reply }) {
        const request = await desk.submit(body, { actor, idempotencyKey: idempotencyKeyOf(headers) });
        reply.status(202).header('location', `/v1/jobs/${request.id}`);
        return toJobView(request);
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/jobs/:id',
      summary: 'What became of a job',
      need: 'public',
      params,
      answers: { 200: { description: 'The job.', schema: JobView }, 404: { description: 'No such job.' } },
      async answer({ params: { id } }, { mayKnow }) {
        const request = await desk.read(id);
        const view = toJobView(request, await readProgress(request, backend));
        return mayKnow ? view : forAnybody(view);
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/v1/jobs/:id',
      summary: 'Cancel a job',
      details:
        'A job that waits is removed; one that runs is told to stop, wherever it runs, and keeps what it committed. Where others wait for the same job, only this request ends.',
      need: 'operator',
      action: 'job.cancel',
      params,
      answers: {
        200: { description: 'It is over.', schema: JobView },
        202: { description: 'It runs, and was told to stop.', schema: JobView },
        404: { description: 'No such job.' },
      },
      async answer({ params: { id } }, { reply }) {
        const request = await desk.cancel(id);
        if (request.status === 'queued' || request.status === 'running') reply.status(202);
        return toJobView(request);
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/v1/jobs/:id/retry',
      summary: 'Try a failed or cancelled job again',
      need: 'operator',
      action: 'job.retry',
      params,
      answers: {
        202: { description: 'It waits again.', schema: JobView },
        404: { description: 'No such job.' },
        409: { description: 'It neither failed nor was cancelled.' },
      },
      async answer({ params: { id } }, { reply }) {
        const request = await desk.retry(id);
        reply.status(202);
        return toJobView(request);
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/jobs/:id/events',
      summary: 'Watch a job',
      details: 'Server-sent events named `status`: the job as it is, then at each change, until it is over.',
      need: 'public',
      streams: true,
      params,
      answers: {
        200: {
          description: 'A stream; the data of each event is a Job without its request.',
          types: ['text/event-stream'],
        },
        404: { description: 'No such job.' },
      },
      async answer({ params: { id } }, { client, mayKnow, reply }) {
        streams.start(await desk.read(id), { client, mayKnow }, reply);
      },
    }),
  ];
}

function idempotencyKeyOf(headers: Exchange['headers']): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && IDEMPOTENCY_KEY.test(key)) return key;
  throw new HttpProblem(400, 'idempotency-key', 'Idempotency-Key: up to 200 visible ASCII characters.');
}
