import { hash } from 'node:crypto';

import type { NostrEvent } from './event.js';

export type UnsignedEvent = Pick<NostrEvent, 'pubkey' | 'created_at' | 'kind' | 'tags' | 'content'>;

/**
 * The text whose SHA-256 is the event's id (NIP-01). `JSON.stringify` writes the escapes that NIP-01 lists, and the
 * other control characters as `\u00XX`, as every implementation does: left as they are, they would not be JSON.
 */
export function serializeEvent(event: UnsignedEvent): string {
  return JSON.stringify([0, event.pubkey, event.created_at, event.kind, event.tags, event.content]);
}

/** Lower-case hex. */
export function computeEventId(event: UnsignedEvent): string {
  return hash('sha256', serializeEvent(event), 'hex');
}

export function checkEventId(event: NostrEvent): boolean {
  return computeEventId(event) === event.id;
}
