import type { Filter, NostrEvent } from '@bigbrotr/models';

/** The frames we send, as text. Filters are checked first: what relays read in contradictory ways is never sent. */
export function reqFrame(sub: string, filters: readonly Filter[]): string {
  filters.forEach(assertSendable);
  return JSON.stringify(['REQ', sub, ...filters]);
}

export function closeFrame(sub: string): string {
  return JSON.stringify(['CLOSE', sub]);
}

export function eventFrame(event: NostrEvent): string {
  return JSON.stringify(['EVENT', event]);
}

export function authFrame(event: NostrEvent): string {
  return JSON.stringify(['AUTH', event]);
}

export function countFrame(sub: string, filter: Filter): string {
  assertSendable(filter);
  return JSON.stringify(['COUNT', sub, filter]);
}

export function negOpenFrame(sub: string, filter: Filter, hex: string): string {
  assertSendable(filter);
  return JSON.stringify(['NEG-OPEN', sub, filter, hex]);
}

export function negMsgFrame(sub: string, hex: string): string {
  return JSON.stringify(['NEG-MSG', sub, hex]);
}

export function negCloseFrame(sub: string): string {
  return JSON.stringify(['NEG-CLOSE', sub]);
}

/**
 * An empty list means "nothing" to one relay and "everything" to the next; `until` below 1 is taken for absent
 * by some, which turns a walk to the past into a loop. Either is a fault of the caller.
 */
function assertSendable(filter: Filter): void {
  for (const [key, value] of Object.entries(filter)) {
    if (Array.isArray(value) && value.length === 0) throw new RangeError(`filter with an empty list: ${key}`);
  }
  if (filter.until !== undefined && filter.until < 1) throw new RangeError('filter with until below 1');
}
