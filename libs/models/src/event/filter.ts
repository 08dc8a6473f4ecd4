import { hash } from 'node:crypto';
import { z } from 'zod';

import { MAX_KIND, type NostrEvent } from './event.js';

/** A NIP-01 filter: fields are joined by "and", the values of one field by "or"; `since` and `until` are inclusive. */
export interface Filter {
  readonly ids?: readonly string[];
  readonly authors?: readonly string[];
  readonly kinds?: readonly number[];
  readonly since?: number;
  readonly until?: number;
  readonly limit?: number;
  readonly [tag: `#${string}`]: readonly string[];
}

/**
 * A filter of our own configuration. Strict, because relays differ in what they make of odd filters: no empty lists
 * (nothing, everything or an error), only whole lower-case keys, only tags that relays index.
 */
export const FilterSchema: z.ZodType<Filter> = z
  .strictObject({
    ids: hexKeys().exactOptional(),
    authors: hexKeys().exactOptional(),
    kinds: z.array(z.int().min(0).max(MAX_KIND)).min(1).exactOptional(),
    since: z.int().min(0).exactOptional(),
    until: z.int().min(1).exactOptional(),
    limit: z.int().min(1).max(5_000).exactOptional(),
    ...tagFields(),
  })
  .refine((filter) => filter.since === undefined || filter.until === undefined || filter.since <= filter.until, {
    error: 'since must not be later than until',
    path: ['since'],
  });

/** Whether the event is what the filter asks for; `limit` has no say. */
export function matchesFilter(filter: Filter, event: NostrEvent): boolean {
  if (filter.since !== undefined && event.created_at < filter.since) return false;
  if (filter.until !== undefined && event.created_at > filter.until) return false;
  if (filter.kinds !== undefined && !filter.kinds.includes(event.kind)) return false;
  if (filter.authors !== undefined && !filter.authors.includes(event.pubkey)) return false;
  if (filter.ids !== undefined && !filter.ids.includes(event.id)) return false;
  for (const field in filter) {
    if (isTagField(field) && !hasTag(event, field.slice(1), filter[field] ?? [])) return false;
  }
  return true;
}

/**
 * Names what a filter selects, whatever the window: equal for filters that differ only in order, repetition, `since`,
 * `until` and `limit`. `{}` for the filter that selects everything. At most 256 characters: it is a key in tables, and
 * a longer one becomes its hash.
 */
export function filterKey(filter: Filter): string {
  const fields = Object.entries(filter)
    .filter(([field]) => !WINDOW_FIELDS.has(field))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([field, values]) => [field, sortedSet(values as readonly (string | number)[])]);
  const key = JSON.stringify(Object.fromEntries(fields));
  return key.length <= MAX_KEY_LENGTH ? key : `sha256:${hash('sha256', key, 'hex')}`;
}

const MAX_KEY_LENGTH = 256;
const WINDOW_FIELDS: ReadonlySet<string> = new Set(['since', 'until', 'limit']);

function hexKeys() {
  return z.array(z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits')).min(1);
}

/** `#a` … `#Z`. Relays refuse `#e` and `#p` values that are not whole keys. */
function tagFields() {
  const fields: Record<`#${string}`, z.ZodExactOptional<z.ZodArray<z.ZodString>>> = {};
  for (const letter of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ') {
    const values = letter === 'e' || letter === 'p' ? hexKeys() : z.array(z.string()).min(1);
    fields[`#${letter}`] = values.exactOptional();
  }
  return fields;
}

function isTagField(field: string): field is `#${string}` {
  return field.startsWith('#');
}

function hasTag(event: NostrEvent, name: string, values: readonly string[]): boolean {
  return event.tags.some((tag) => tag[0] === name && tag[1] !== undefined && values.includes(tag[1]));
}

function sortedSet(values: readonly (string | number)[]): (string | number)[] {
  return [...new Set(values)].sort((a, b) => (a < b ? -1 : 1));
}
