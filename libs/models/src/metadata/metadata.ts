import { createHash } from 'node:crypto';

import { canonicalJson, type JsonObject, type JsonValue } from './canonical-json.js';

export const METADATA_TYPES = [
  'nip11_info',
  'nip66_rtt',
  'nip66_ssl',
  'nip66_geo',
  'nip66_net',
  'nip66_dns',
  'nip66_http',
] as const;

export type MetadataType = (typeof METADATA_TYPES)[number];

export interface PrunedMetadata {
  readonly data: JsonObject;
  /** JSON Pointers (RFC 6901) to what PostgreSQL could not hold; the first 100. */
  readonly dropped: readonly string[];
}

/**
 * Brings a document to the form in which we store it and take its id.
 *
 * - null, `{}`, `[]`, NaN, infinities and whatever JSON has no word for go without a trace, also inside lists, and so
 *   does what becomes empty by that;
 * - values more than 50 levels down go likewise;
 * - keys and strings that jsonb cannot hold (U+0000, half a surrogate pair) go too, and are listed.
 */
export function pruneMetadata(value: Readonly<Record<string, unknown>>): PrunedMetadata {
  const dropped: string[] = [];
  return { data: pruneObject(value, 0, '', dropped) ?? {}, dropped };
}

/** SHA-256 of the RFC 8785 form of the pruned document: 32 bytes. */
export function metadataId(data: Readonly<Record<string, unknown>>): Buffer {
  return createHash('sha256')
    .update(canonicalJson(pruneMetadata(data).data))
    .digest();
}

const MAX_DEPTH = 50;
const MAX_DROPPED = 100;

function prune(value: unknown, depth: number, path: string, dropped: string[]): JsonValue | undefined {
  if (depth > MAX_DEPTH || value === null) return undefined;
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : undefined;
    case 'string':
      if (isStorable(value)) return value;
      recordDrop(path, dropped);
      return undefined;
    case 'object':
      return Array.isArray(value) ? pruneList(value, depth, path, dropped) : pruneObject(value, depth, path, dropped);
    default:
      return undefined;
  }
}

function pruneList(list: readonly unknown[], depth: number, path: string, dropped: string[]): JsonValue | undefined {
  const kept = list
    .map((item, at) => prune(item, depth + 1, `${path}/${at}`, dropped))
    .filter((item) => item !== undefined);
  return kept.length === 0 ? undefined : kept;
}

function pruneObject(value: object, depth: number, path: string, dropped: string[]): JsonObject | undefined {
  const kept: [string, JsonValue][] = [];
  for (const [key, item] of Object.entries(value)) {
    const itemPath = `${path}/${pointerToken(key)}`;
    if (!isStorable(key)) {
      recordDrop(itemPath, dropped);
      continue;
    }
    const pruned = prune(item, depth + 1, itemPath, dropped);
    if (pruned !== undefined) kept.push([key, pruned]);
  }
  // fromEntries, because an assignment would take a stranger's "__proto__" for something else than a key.
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

const NOT_STORABLE = /[\0\p{Surrogate}]/u;

function isStorable(text: string): boolean {
  return !NOT_STORABLE.test(text);
}

function recordDrop(path: string, dropped: string[]): void {
  if (dropped.length < MAX_DROPPED) dropped.push(path);
}

/** Paths are stored as well, so what was wrong with a key is shown as U+FFFD. */
function pointerToken(key: string): string {
  return key
    .replaceAll('~', '~0')
    .replaceAll('/', '~1')
    .replace(/[\0\p{Surrogate}]/gu, '\ufffd');
}
