import { queryEvents, readEvent, readHolders, type Pool } from '@bigbrotr/core';
import { unixNow } from '@bigbrotr/models';
import { z } from 'zod';

import { decodeCursor, pageOf } from '../http/cursor.js';
import { HttpProblem } from '../http/http-problem.js';
import { flag } from '../http/query-values.js';
import { defineRoute, type Route } from '../http/route.js';
import { EventListQuery, toEventQuery } from './event-query.js';

const hex = (digits: number) =>
  z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`), { error: `expected ${digits} hex digits in lower case` });

const EventView = z
  .object({
    id: hex(64),
    pubkey: hex(64),
    created_at: z.int(),
    kind: z.int(),
    tags: z.array(z.array(z.string())).nullable().describe('Null where the light profile keeps none.'),
    content: z.string().nullable().describe('Null where the light profile keeps none.'),
    sig: hex(128),
  })
  .meta({ id: 'Event' });

const HeldEvent = EventView.extend({
  expiresAt: z.int().nullable().describe('NIP-40, unix seconds.'),
  deletedAt: z.int().nullable().describe('The author asked for its deletion then.'),
  relays: z
    .array(z.object({ id: z.int(), url: z.string(), seenAt: z.int() }))
    .describe('Where it was seen, the first one first.'),
}).meta({ id: 'HeldEvent' });

/** A page that takes longer is too wide a question. */
const QUERY_TIMEOUT_MS = 5_000;
const MAX_HOLDERS = 10_000;

export function eventRoutes({ pool }: { readonly pool: Pool }): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/events',
      summary: 'Archived events, by the filter of NIP-01',
      details:
        'Newest first, and of one second the lowest id. `tag.e=…` filters by a single-letter tag; given again it takes one more value. Expired events are left out unless asked for.',
      need: 'public',
      maxAge: 5,
      query: EventListQuery,
      answers: {
        200: { description: 'A page.', schema: z.object({ items: z.array(EventView), next: z.string().nullable() }) },
      },
      async answer({ query }) {
        const { limit, cursor } = query;
        const after = cursor === undefined ? undefined : decodeCursor(z.tuple([z.int(), hex(64)]), cursor);
        const rows = await queryEvents(pool, toEventQuery(query), {
          limit: limit + 1,
          after,
          now: unixNow(Date.now),
          timeoutMs: QUERY_TIMEOUT_MS,
        });
        return pageOf(rows, limit, { item: (event) => event, position: (event) => [event.created_at, event.id] });
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/events/:id',
      summary: 'One event, and the relays it was seen on',
      need: 'public',
      maxAge: 30,
      params: z.strictObject({ id: hex(64) }),
      query: z.strictObject({ expired: flag().optional().describe('Also when its NIP-40 time is over.') }),
      answers: {
        200: { description: 'The event.', schema: HeldEvent },
        404: { description: 'Not archived, or expired.' },
      },
      async answer({ params: { id }, query: { expired } }) {
        const found = await readEvent(pool, id);
        if (!found) throw new HttpProblem(404, 'event-unknown', 'The archive has no event with this id.');
        const { event, seq, expiresAt, deletedAt } = found;
        if (expired !== true && expiresAt !== null && expiresAt <= unixNow(Date.now)) {
          throw new HttpProblem(
            404,
            'event-expired',
            'This event has expired. Ask with ?expired=true to see it all the same.',
          );
        }
        return { ...event, expiresAt, deletedAt, relays: await readHolders(pool, seq, MAX_HOLDERS) } satisfies z.output<
          typeof HeldEvent
        >;
      },
    }),
  ];
}
