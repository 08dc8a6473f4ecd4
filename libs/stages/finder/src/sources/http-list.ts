import { putCandidates, type Queryable } from '@bigbrotr/core';
import type { HttpGet } from '@bigbrotr/models';

import { admitUrls } from '../admit-urls.js';
import type { ApiSource } from '../config.js';
import type { SourceResult } from './source.js';

export interface HttpListOptions {
  readonly source: ApiSource;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly local: boolean;
  /** Unix seconds. */
  readonly at: number;
}

const BATCH = 500;

/** Reads a list of relay URLs from an HTTP API. */
export async function findInHttpList(
  { source, timeoutMs, maxBytes, local, at }: HttpListOptions,
  { db, httpGet }: { readonly db: Queryable; readonly httpGet: HttpGet },
  signal: AbortSignal,
): Promise<SourceResult> {
  const answer = await httpGet(source.url, {
    signal,
    timeoutMs,
    maxBytes,
    maxRedirects: 1,
    headers: { accept: 'application/json' },
  });
  if (!answer.ok) return { ok: false, reason: answer.failure.reason };
  if (answer.status !== 200) return { ok: false, reason: `http-${answer.status}` };
  const list = readList(answer.body, source);
  if (!list) return { ok: false, reason: 'not-a-list' };

  const { found, rejected } = admitUrls(
    list.map((raw) => ({ raw, source: `api:${source.name}` })),
    { local },
  );
  const added = [];
  for (let from = 0; from < found.length; from += BATCH) {
    signal.throwIfAborted();
    added.push(...(await putCandidates(db, found.slice(from, from + BATCH), at)));
  }
  return { ok: true, seen: list.length, added, rejected };
}

/** The strings of the list; undefined when the answer holds none where the source says it should. */
function readList(body: Buffer, { path, field }: ApiSource): string[] | undefined {
  let value: unknown;
  try {
    // The decoder drops a byte order mark, which JSON.parse would refuse.
    value = JSON.parse(new TextDecoder().decode(body));
  } catch {
    // Not JSON is one of the things that a list API answers.
    return undefined;
  }
  for (const key of path === undefined ? [] : path.split('.')) value = property(value, key);
  if (!Array.isArray(value)) return undefined;
  return value
    .map((entry: unknown) => (field === undefined ? entry : property(entry, field)))
    .filter((entry) => typeof entry === 'string');
}

function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}
