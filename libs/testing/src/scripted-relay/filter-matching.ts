import type { NostrEvent } from '@bigbrotr/models';

/** One filter of a request, read once. Our own reading of NIP-01, so that a mistake in the product cannot hide on both sides. */
export interface FilterMatching {
  readonly ids: ReadonlySet<string> | undefined;
  /** As the client sent them: inclusive, absent, or below 1. */
  readonly since: number | undefined;
  readonly until: number | undefined;
  readonly limit: number | undefined;
  /** Everything but since, until and limit. */
  matches(event: NostrEvent): boolean;
}

/** Undefined for what a relay calls a bad request. */
export function readFilter(value: unknown): FilterMatching | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const tests: ((event: NostrEvent) => boolean)[] = [];
  let ids: ReadonlySet<string> | undefined;
  const numbers: { since?: number; until?: number; limit?: number } = {};

  for (const [key, wanted] of Object.entries(value)) {
    if (key === 'since' || key === 'until' || key === 'limit') {
      if (!Number.isSafeInteger(wanted)) return undefined;
      numbers[key] = wanted as number;
      continue;
    }
    if (!Array.isArray(wanted) || wanted.length === 0) return undefined;
    const test = arrayTest(key, new Set<unknown>(wanted));
    if (test === undefined) return undefined;
    if (key === 'ids') ids = new Set(wanted as string[]);
    tests.push(test);
  }

  const { since, until, limit } = numbers;
  return { ids, since, until, limit, matches: (event) => tests.every((test) => test(event)) };
}

function arrayTest(key: string, wanted: ReadonlySet<unknown>): ((event: NostrEvent) => boolean) | undefined {
  if (key === 'ids') return (event) => wanted.has(event.id);
  if (key === 'authors') return (event) => wanted.has(event.pubkey);
  if (key === 'kinds') return (event) => wanted.has(event.kind);
  if (/^#[a-zA-Z]$/.test(key)) {
    const letter = key.slice(1);
    return (event) => event.tags.some(([name, first]) => name === letter && wanted.has(first));
  }
  return undefined;
}
