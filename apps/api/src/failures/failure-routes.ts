import {
  FAILURE_STATES,
  listFailures,
  maskSecrets,
  readFailure,
  settleFailure,
  type FailureRow,
  type FailureState,
  type Pool,
} from '@bigbrotr/core';
import { z } from 'zod';

import { decodeCursor, pageOf } from '../http/cursor.js';
import { HttpProblem } from '../http/http-problem.js';
import { cursorParameter, limitOf } from '../http/query-values.js';
import { defineRoute, type Route } from '../http/route.js';
import { discard, redrive, type RedriveModules } from './redrive.js';

const FailureView = z
  .object({
    id: z.int(),
    queue: z.string(),
    jobId: z.string(),
    data: z.unknown().describe('The payload.'),
    reason: z.string(),
    attempts: z.int(),
    stalled: z.int().describe('Processes that died with it.'),
    firstAt: z.iso.datetime(),
    lastAt: z.iso.datetime(),
    state: z.enum(FAILURE_STATES),
  })
  .meta({ id: 'Failure' });
type FailureView = z.output<typeof FailureView>;

const position = z.tuple([z.int()]);

export type FailureRouteModules = RedriveModules & { readonly pool: Pool };

export function failureRoutes(modules: FailureRouteModules): Route[] {
  const { pool } = modules;

  function decide(
    verb: 'redrive' | 'discard',
    summary: string,
    state: Exclude<FailureState, 'open'>,
    act: typeof redrive,
  ): Route {
    return defineRoute({
      method: 'POST',
      path: `/v1/failures/:id/${verb}`,
      summary,
      need: 'operator',
      action: `failure.${verb}`,
      params: z.strictObject({
        id: z
          .string()
          .regex(/^[1-9]\d{0,14}$/, { error: 'expected a whole number' })
          .transform(Number),
      }),
      answers: {
        200: { description: 'Done.', schema: FailureView },
        404: { description: 'No such dead letter.' },
        409: { description: 'It was decided before.' },
      },
      async answer({ params: { id } }) {
        const failure = await readFailure(pool, id);
        if (!failure) throw new HttpProblem(404, 'failure-unknown', 'No dead letter has this id.');
        if (failure.state !== 'open')
          throw new HttpProblem(409, 'failure-settled', `This dead letter was ${failure.state} before.`);
        await act(failure, modules);
        await settleFailure(pool, id, state);
        return toView({ ...failure, state });
      },
    });
  }

  return [
    defineRoute({
      method: 'GET',
      path: '/v1/failures',
      summary: 'Dead letters: jobs that failed for a fault of ours, newest first',
      need: 'operator',
      query: z.strictObject({
        state: z.enum(FAILURE_STATES).optional().describe('Absent: all.'),
        queue: z.string().min(1).max(64).optional(),
        limit: limitOf(100, 500),
        cursor: cursorParameter(),
      }),
      answers: {
        200: { description: 'A page.', schema: z.object({ items: z.array(FailureView), next: z.string().nullable() }) },
      },
      async answer({ query: { state, queue, limit, cursor } }) {
        const before = cursor === undefined ? undefined : decodeCursor(position, cursor)[0];
        const rows = await listFailures(pool, { state, queue }, { before, limit: limit + 1 });
        return pageOf(rows, limit, { item: toView, position: ({ id }) => [id] });
      },
    }),
    decide('redrive', 'Run the work of a dead letter again', 'redriven', redrive),
    decide('discard', 'Give a dead letter up', 'discarded', discard),
  ];
}

function toView({
  id,
  queue,
  jobId,
  data,
  reason,
  attempts,
  stalled,
  firstAt,
  lastAt,
  state,
}: FailureRow): FailureView {
  return {
    id,
    queue,
    jobId,
    data: maskSecrets(data),
    reason,
    attempts,
    stalled,
    firstAt: firstAt.toISOString(),
    lastAt: lastAt.toISOString(),
    state,
  };
}
