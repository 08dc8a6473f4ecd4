import {
  countEventsOf,
  listChecks,
  listCoverage,
  listRelays,
  readRelayFacts,
  readRelayRow,
  readUptime,
  RELAY_SORTS,
  type Pool,
  type RelayFilter,
  type RelayRow,
} from '@bigbrotr/core';
import {
  COVERAGE_METHODS,
  COVERAGE_STATUSES,
  METADATA_TYPES,
  NETWORKS,
  parseRelayUrl,
  RELAY_STATUSES,
  unixNow,
} from '@bigbrotr/models';
import { z } from 'zod';

import { decodeCursor, pageOf, type Page } from '../http/cursor.js';
import { HttpProblem } from '../http/http-problem.js';
import { cursorParameter, flag, limitOf, listOf, whole } from '../http/query-values.js';
import { defineRoute, type Exchange, type Route } from '../http/route.js';
import { toCsv, toText } from './list-formats.js';
import { RelayView, toRelayView } from './relay-view.js';

const MAX_SECONDS = 9_999_999_999;
/** Beyond this an exact number of events is not worth its price. */
const MAX_COUNTED_EVENTS = 100_000;
const UPTIME_DAYS = [1, 7, 30];
const LIST_LIMITS = {
  json: { standard: 100, most: 1_000 },
  csv: { standard: 10_000, most: 10_000 },
  text: { standard: 10_000, most: 10_000 },
};

const id = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, { error: 'expected the number of a relay; GET /v1/relays?url= finds it' })
  .transform(Number);
const params = z.strictObject({ id });

const SORTS = RELAY_SORTS.flatMap((sort) => [sort, `-${sort}`] as const);

const ListQuery = z.strictObject({
  url: z.string().min(1).max(2048).optional().describe('One relay by its URL, in any spelling of it.'),
  network: listOf(z.enum(NETWORKS), NETWORKS.length).optional(),
  status: listOf(z.enum(RELAY_STATUSES), RELAY_STATUSES.length).optional(),
  nip: listOf(whole(0, 65_535), 20).optional().describe('NIPs that the relay claims, all of them.'),
  software: z.string().min(1).max(100).optional().describe('Part of what the relay says it runs.'),
  auth: flag().optional().describe('The relay says that it wants NIP-42 authentication.'),
  payment: flag().optional().describe('The relay says that it wants to be paid.'),
  country: listOf(z.string().regex(/^[A-Za-z]{2}$/, { error: 'expected two letters' }), 50)
    .optional()
    .describe('ISO 3166-1 codes.'),
  maxRtt: whole(0, 600_000).optional().describe('Milliseconds to open a connection, at most.'),
  sort: z.enum(SORTS).optional().describe('`-` turns the order round. Absent: id, in order of discovery.'),
  format: z
    .enum(['json', 'csv', 'text'])
    .default('json')
    .describe('`text`: one URL a line. Its next page, and that of `csv`, stands in the Link header.'),
  limit: whole(1, 10_000).optional().describe('JSON: 100 unless given, 1,000 at most. Text and CSV: 10,000.'),
  cursor: cursorParameter(),
});
type ListQuery = z.output<typeof ListQuery>;

const Rate = z.object({
  days: z.int(),
  checks: z.int(),
  passed: z.int(),
  share: z.number().nullable().describe('Of checks passed; null without checks.'),
  openMs: z.int().nullable().describe('Mean of the openings that worked, milliseconds.'),
});

const RelayPage = RelayView.extend({
  documents: z
    .array(
      z.object({
        type: z.enum(METADATA_TYPES),
        checkedAt: z.int(),
        success: z.boolean(),
        reason: z.string().nullable(),
        durationMs: z.int().nullable(),
        documentAt: z
          .int()
          .nullable()
          .describe('When the document below was served: an earlier check, if the last one failed.'),
        data: z.record(z.string(), z.unknown()).nullable(),
      }),
    )
    .describe('The last check of each type, and the last document that such a check brought.'),
  uptime: z.array(Rate).describe('How often the relay could be opened.'),
  events: z.object({ count: z.int(), exact: z.boolean().describe('False: at least so many.') }),
  links: z.object({ metadata: z.string(), coverage: z.string() }),
}).meta({ id: 'RelayPage' });

const CheckView = z.object({
  generatedAt: z.int(),
  type: z.enum(METADATA_TYPES),
  success: z.boolean(),
  reason: z.string().nullable(),
  durationMs: z.int().nullable(),
  metadataId: z.string().nullable().describe('SHA-256 of the document in its RFC 8785 form.'),
  data: z.record(z.string(), z.unknown()).nullable(),
});

const CoverageView = z.object({
  filter: z.string(),
  since: z.int(),
  until: z.int(),
  method: z.enum(COVERAGE_METHODS),
  status: z.enum(COVERAGE_STATUSES),
  reason: z.string().nullable(),
  events: z.int(),
  verifiedAt: z.int(),
});

export function relayRoutes({ pool }: { readonly pool: Pool }): Route[] {
  async function known(relayId: number): Promise<RelayRow> {
    const relay = await readRelayRow(pool, relayId);
    if (!relay)
      throw new HttpProblem(404, 'relay-unknown', 'No relay has this id. GET /v1/relays?url= finds one by its URL.');
    return relay;
  }

  return [
    defineRoute({
      method: 'GET',
      path: '/v1/relays',
      summary: 'Relays that proved that they speak Nostr',
      need: 'public',
      maxAge: 30,
      query: ListQuery,
      answers: {
        200: {
          description: 'A page.',
          schema: z.object({ items: z.array(RelayView), next: z.string().nullable() }),
          types: ['text/csv', 'text/plain'],
        },
      },
      answer: async ({ query }, exchange) => inFormat(query.format, await listPage(pool, query), exchange),
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/relays/:id',
      summary: 'One relay: what it says, how it answers, how often it was there',
      need: 'public',
      maxAge: 30,
      params,
      answers: { 200: { description: 'The relay.', schema: RelayPage }, 404: { description: 'No such relay.' } },
      async answer({ params: { id: relayId } }) {
        const relay = await known(relayId);
        const [documents, uptime, count] = await Promise.all([
          readRelayFacts(pool, relayId, METADATA_TYPES),
          readUptime(pool, relayId, UPTIME_DAYS, unixNow(Date.now)),
          countEventsOf(pool, relayId, MAX_COUNTED_EVENTS),
        ]);
        return {
          ...toRelayView(relay),
          documents,
          uptime: uptime.map((window) => ({
            ...window,
            share: window.checks > 0 ? window.passed / window.checks : null,
          })),
          events: { count, exact: count < MAX_COUNTED_EVENTS },
          links: { metadata: `/v1/relays/${relayId}/metadata`, coverage: `/v1/relays/${relayId}/coverage` },
        } satisfies z.output<typeof RelayPage>;
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/relays/:id/metadata',
      summary: 'Every check of a relay with its outcome and its document, newest first',
      need: 'public',
      maxAge: 30,
      params,
      query: z.strictObject({
        type: listOf(z.enum(METADATA_TYPES), METADATA_TYPES.length).optional(),
        since: whole(0, MAX_SECONDS).optional().describe('Unix seconds, inclusive.'),
        until: whole(0, MAX_SECONDS).optional().describe('Unix seconds, inclusive.'),
        limit: limitOf(100, 500),
        cursor: cursorParameter(),
      }),
      answers: {
        200: { description: 'A page.', schema: z.object({ items: z.array(CheckView), next: z.string().nullable() }) },
        404: { description: 'No such relay.' },
      },
      async answer({ params: { id: relayId }, query: { type: types, since, until, limit, cursor } }) {
        await known(relayId);
        const after = cursor === undefined ? undefined : decodeCursor(z.tuple([z.int(), z.string()]), cursor);
        const rows = await listChecks(pool, relayId, { types, since, until }, { after, limit: limit + 1 });
        return pageOf(rows, limit, { item: (row) => row, position: (row) => [row.generatedAt, row.type] });
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/relays/:id/coverage',
      summary: 'Which stretches of a relay’s past are proven to be archived, and how',
      need: 'public',
      maxAge: 30,
      params,
      query: z.strictObject({ limit: limitOf(500, 5_000), cursor: cursorParameter() }),
      answers: {
        200: {
          description: 'A page.',
          schema: z.object({ items: z.array(CoverageView), next: z.string().nullable() }),
        },
        404: { description: 'No such relay.' },
      },
      async answer({ params: { id: relayId }, query: { limit, cursor } }) {
        await known(relayId);
        const after = cursor === undefined ? undefined : decodeCursor(z.tuple([z.string(), z.int()]), cursor);
        const rows = await listCoverage(pool, relayId, { after, limit: limit + 1 });
        return pageOf(rows, limit, { item: (row) => row, position: (row) => [row.filter, row.since] });
      },
    }),
  ];
}

async function listPage(pool: Pool, query: ListQuery): Promise<Page<RelayView>> {
  const { format, cursor, sort: order = 'id' } = query;
  const { standard, most } = LIST_LIMITS[format];
  const limit = Math.min(query.limit ?? standard, most);
  const descending = order.startsWith('-');
  const sort = RELAY_SORTS.find((name) => name === order.replace('-', '')) ?? 'id';
  // The order is part of the cursor: a page of another order would be a page of nothing.
  const position = z.tuple([z.literal(order), sort === 'url' ? z.string() : z.number(), z.int()]);
  const [, key, lastId] = cursor === undefined ? [] : decodeCursor(position, cursor);
  const after = key === undefined || lastId === undefined ? undefined : ([key, lastId] as const);
  const rows = await listRelays(pool, filterOf(query), { sort, descending, after, limit: limit + 1 });
  return pageOf(rows, limit, { item: (row) => toRelayView(row), position: (row) => [order, row.sortKey, row.id] });
}

function filterOf({ url, network, status, nip, software, auth, payment, country, maxRtt }: ListQuery): RelayFilter {
  return {
    url: url === undefined ? undefined : canonical(url),
    networks: network,
    statuses: status,
    nips: nip,
    software,
    auth,
    payment,
    countries: country?.map((code) => code.toUpperCase()),
    maxRtt,
  };
}

function canonical(input: string): RelayFilter['url'] {
  const parsed = parseRelayUrl(input, { local: true });
  if (parsed.ok) return parsed.url;
  throw new HttpProblem(400, 'relay-url', `url: this is not the URL of a relay: ${parsed.reason}.`, {
    extra: { reason: parsed.reason },
  });
}

function inFormat(
  format: ListQuery['format'],
  page: Page<RelayView>,
  { reply, url }: Exchange,
): Page<RelayView> | string {
  if (format === 'json') return page;
  if (page.next !== null) {
    const [path, search] = url.split('?');
    const next = new URLSearchParams(search);
    next.set('cursor', page.next);
    reply.header('link', `<${path ?? ''}?${next.toString()}>; rel="next"`);
  }
  reply.type(format === 'csv' ? 'text/csv; charset=utf-8' : 'text/plain; charset=utf-8');
  return format === 'csv' ? toCsv(page.items) : toText(page.items);
}
