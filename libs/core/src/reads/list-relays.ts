import type { MetadataType, Network, RelayStatus, RelayUrl } from '@bigbrotr/models';

import type { Queryable } from '../db/pool.js';
import { createSqlValues, type SqlValues } from './sql-values.js';

/** What a list shows of a relay. Times in unix seconds. */
export interface RelayRow {
  readonly id: number;
  readonly url: RelayUrl;
  readonly network: Network;
  readonly status: RelayStatus;
  readonly reason: string | null;
  readonly since: number | null;
  readonly discoveredAt: number;
  readonly lastSeenAt: number | null;
}

export const RELAY_SORTS = ['id', 'url', 'discovered', 'seen', 'rtt'] as const;
export type RelaySort = (typeof RELAY_SORTS)[number];

export interface RelayFilter {
  readonly url?: RelayUrl | undefined;
  readonly networks?: readonly Network[] | undefined;
  readonly statuses?: readonly RelayStatus[] | undefined;
  /** Each of them is in the relay's latest NIP-11 document. */
  readonly nips?: readonly number[] | undefined;
  /** Part of the name in the latest NIP-11 document, in any case. */
  readonly software?: string | undefined;
  /** As the latest NIP-11 document says; a document that says nothing says no. */
  readonly auth?: boolean | undefined;
  readonly payment?: boolean | undefined;
  /** ISO 3166-1 alpha-2. */
  readonly countries?: readonly string[] | undefined;
  /** Milliseconds to open, at the latest check. */
  readonly maxRtt?: number | undefined;
}

export interface RelayListOptions {
  readonly sort: RelaySort;
  readonly descending: boolean;
  /** The last row of the page before: its sort key and its id. */
  readonly after?: RelayPosition | undefined;
  readonly limit: number;
}

export type RelayPosition = readonly [key: string | number, id: number];
export type ListedRelay = RelayRow & { readonly sortKey: string | number };

interface SortColumn {
  readonly expression: string;
  readonly type: 'text' | 'bigint' | 'integer';
}

// Unknown times are older, unknown distances farther than any.
const SORT_COLUMNS: Readonly<Record<RelaySort, SortColumn>> = {
  id: { expression: 'r.id', type: 'integer' },
  url: { expression: 'r.url', type: 'text' },
  discovered: { expression: 'r.discovered_at', type: 'bigint' },
  seen: { expression: 'coalesce(r.last_seen_at, 0)', type: 'bigint' },
  rtt: { expression: `coalesce(${rttOf('rtt')}, 2147483647)`, type: 'bigint' },
};

/** A page of the relays that match, in a total order. */
export async function listRelays(
  db: Queryable,
  filter: RelayFilter,
  options: RelayListOptions,
): Promise<ListedRelay[]> {
  const { sort, descending, after, limit } = options;
  const values = createSqlValues();
  const { expression, type } = SORT_COLUMNS[sort];
  const conditions = conditionsOf(filter, values);
  if (after) {
    const comparison = descending ? '<' : '>';
    conditions.push(
      `(${expression}, r.id) ${comparison} (${values.add(after[0])}::${type}, ${values.add(after[1])}::integer)`,
    );
  }
  const direction = descending ? 'DESC' : 'ASC';
  const { rows } = await db.query<ListedRelay>(
    `SELECT r.id, r.url, r.network, r.status, r.reason, r.since, r.discovered_at AS "discoveredAt", r.last_seen_at AS "lastSeenAt",
       ${expression} AS "sortKey"
     FROM relays r ${joinsOf(filter, sort)}
     ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''}
     ORDER BY ${expression} ${direction}, r.id ${direction} LIMIT ${values.add(limit)}`,
    [...values.list],
  );
  return rows;
}

function conditionsOf(filter: RelayFilter, values: SqlValues): string[] {
  const { url, networks, statuses, nips, software, auth, payment, countries, maxRtt } = filter;
  const conditions: string[] = [];
  if (url !== undefined) conditions.push(`r.url = ${values.add(url)}`);
  if (networks) conditions.push(`r.network = ANY (${values.add(networks)}::text[])`);
  if (statuses) conditions.push(`r.status = ANY (${values.add(statuses)}::text[])`);
  if (nips) conditions.push(`nip11.data -> 'supported_nips' @> ${values.add(JSON.stringify(nips))}::jsonb`);
  if (software !== undefined)
    conditions.push(`strpos(lower(nip11.data ->> 'software'), lower(${values.add(software)})) > 0`);
  if (auth !== undefined) conditions.push(limitation('auth_required', auth));
  if (payment !== undefined) conditions.push(limitation('payment_required', payment));
  if (countries) conditions.push(`geo.data ->> 'geo_country' = ANY (${values.add(countries)}::text[])`);
  if (maxRtt !== undefined) conditions.push(`${rttOf('rtt')} <= ${values.add(maxRtt)}`);
  return conditions;
}

function limitation(field: 'auth_required' | 'payment_required', wanted: boolean): string {
  return `nip11.data IS NOT NULL AND (nip11.data #> '{limitation,${field}}') IS ${wanted ? 'NOT ' : ''}DISTINCT FROM 'true'::jsonb`;
}

function rttOf(alias: string): string {
  return `CASE WHEN jsonb_typeof(${alias}.data -> 'rtt_open') = 'number' THEN (${alias}.data ->> 'rtt_open')::numeric::bigint END`;
}

/** Only the documents that the filter or the order looks into. */
function joinsOf({ nips, software, auth, payment, countries, maxRtt }: RelayFilter, sort: RelaySort): string {
  const joins: string[] = [];
  if ([nips, software, auth, payment].some((wish) => wish !== undefined))
    joins.push(latestDocument('nip11', 'nip11_info'));
  if (countries) joins.push(latestDocument('geo', 'nip66_geo'));
  if (maxRtt !== undefined || sort === 'rtt') joins.push(latestDocument('rtt', 'nip66_rtt'));
  return joins.join('\n');
}

function latestDocument(alias: string, type: MetadataType): string {
  return `LEFT JOIN LATERAL (
    SELECT m.data FROM relay_checks c JOIN metadata m ON m.id = c.metadata_id AND m.type = c.metadata_type
    WHERE c.relay_id = r.id AND c.metadata_type = '${type}' AND c.metadata_id IS NOT NULL
    ORDER BY c.generated_at DESC LIMIT 1
  ) ${alias} ON true`;
}
