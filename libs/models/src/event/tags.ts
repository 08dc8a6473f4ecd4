import type { NostrEvent } from './event.js';

/**
 * Tags with a name of one character as `name:value`, in their order, repetitions included: what a search by tag looks
 * into. A tag without a value gives nothing, as there is nothing to look for.
 */
export function tagValues(tags: NostrEvent['tags']): string[] {
  const values: string[] = [];
  for (const [name, value] of tags) {
    if (name !== undefined && value !== undefined && isOneCharacter(name)) values.push(`${name}:${value}`);
  }
  return values;
}

/** Unix seconds after which the event should not be served (NIP-40). The first `expiration` tag counts, if it is a number. */
export function expirationOf(event: Pick<NostrEvent, 'tags'>): number | undefined {
  const value = event.tags.find(([name]) => name === 'expiration')?.[1];
  if (value === undefined || !/^\d{1,15}$/.test(value)) return undefined;
  return Number(value);
}

/** One code point, which is what PostgreSQL's `length` counts. */
function isOneCharacter(name: string): boolean {
  return name.length === 1 || (name.length === 2 && (name.codePointAt(0) ?? 0) > 0xffff);
}
