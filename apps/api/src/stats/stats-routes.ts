import { countRelays, overview, type Pool } from '@bigbrotr/core';
import { NETWORKS, RELAY_STATUSES, unixNow } from '@bigbrotr/models';
import { z } from 'zod';

import { defineRoute, type Route } from '../http/route.js';

const count = z.int().min(0);

const Stats = z
  .object({
    asOf: z.int().describe('Unix seconds.'),
    candidates: count.describe('URLs still to be proven.'),
    exhausted: count.describe('URLs that were tried often enough.'),
    relays: count,
    online: count.describe('Relays that answered when they were last looked at.'),
    events: count.describe('Counted up to 100,000, estimated beyond.'),
    provenance: count.describe('Pairs of event and relay; counted or estimated likewise.'),
    due: count.describe('Tasks whose time has come.'),
    relaysBy: z.array(z.object({ network: z.enum(NETWORKS), status: z.enum(RELAY_STATUSES), relays: count })),
  })
  .meta({ id: 'Stats' });
type Stats = z.output<typeof Stats>;

/** However many ask, the database counts once in this time. */
const FRESH_MS = 5_000;

export function statsRoutes({ pool }: { readonly pool: Pool }): Route[] {
  const read = fresh(FRESH_MS, async (): Promise<Stats> => {
    const [sizes, relaysBy] = await Promise.all([overview(pool), countRelays(pool)]);
    return { asOf: unixNow(Date.now), ...sizes, relaysBy };
  });
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/stats',
      summary: 'The archive at a glance',
      need: 'public',
      maxAge: 5,
      answers: { 200: { description: 'The figures.', schema: Stats } },
      answer: read,
    }),
  ];
}

/** The last answer while it is young, one question at a time; a failure is not kept. */
function fresh<T>(ms: number, ask: () => Promise<T>): () => Promise<T> {
  let last: { readonly answer: Promise<T>; readonly at: number } | undefined;
  return () => {
    const now = performance.now();
    if (last && now - last.at < ms) return last.answer;
    const answer = ask();
    const current = { answer, at: now };
    last = current;
    answer.catch(() => {
      if (last === current) last = undefined;
    });
    return answer;
  };
}
