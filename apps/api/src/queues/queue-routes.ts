import { contractOf, type Bus } from '@bigbrotr/core';
import { NETWORKS } from '@bigbrotr/models';
import { z } from 'zod';

import { HttpProblem } from '../http/http-problem.js';
import { defineRoute, type Route } from '../http/route.js';

const count = z.int().min(0);

const QueueView = z
  .object({
    name: z.string(),
    stage: z.string(),
    network: z.enum(NETWORKS).nullable(),
    paused: z.boolean(),
    waiting: count,
    delayed: count,
    active: count,
    failed: count.describe('Dead letters.'),
  })
  .meta({ id: 'Queue' });

const PausedView = z.object({ name: z.string(), paused: z.boolean() });

export interface QueueRouteModules {
  readonly bus: Bus;
  /** Those that exist here. */
  readonly queues: readonly string[];
}

export function queueRoutes({ bus, queues }: QueueRouteModules): Route[] {
  async function view(name: string): Promise<z.output<typeof QueueView>> {
    const [counts, paused] = await Promise.all([bus.counts([name]), bus.isPaused(name)]);
    const { waiting = 0, delayed = 0, active = 0, failed = 0 } = counts.get(name) ?? {};
    const { contract, network } = contractOf(name);
    return { name, stage: contract.stage, network: network ?? null, paused, waiting, delayed, active, failed };
  }

  function pauseRoute(verb: 'pause' | 'resume', summary: string): Route {
    return defineRoute({
      method: 'POST',
      path: `/v1/queues/:name/${verb}`,
      summary,
      need: 'operator',
      action: `queue.${verb}`,
      params: z.strictObject({ name: z.string().min(1).max(64) }),
      answers: { 200: { description: 'Done.', schema: PausedView }, 404: { description: 'No such queue.' } },
      async answer({ params: { name } }) {
        if (!queues.includes(name))
          throw new HttpProblem(404, 'queue-unknown', 'No queue has this name. GET /v1/queues lists them.');
        await bus[verb](name);
        return { name, paused: verb === 'pause' };
      },
    });
  }

  return [
    defineRoute({
      method: 'GET',
      path: '/v1/queues',
      summary: 'How full the queues are',
      need: 'public',
      answers: { 200: { description: 'All queues.', schema: z.object({ items: z.array(QueueView), next: z.null() }) } },
      answer: async () => ({ items: await Promise.all(queues.map(view)), next: null }),
    }),
    pauseRoute('pause', 'Let a queue rest, in all processes, until it is resumed'),
    pauseRoute('resume', 'Let a queue go on'),
  ];
}
