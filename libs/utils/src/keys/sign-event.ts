import { computeEventId, type NostrEvent } from '@bigbrotr/models';

import type { SecretKey } from './secret-key.js';

/** An event before it has an author. */
export type EventTemplate = Pick<NostrEvent, 'kind' | 'created_at' | 'tags' | 'content'>;

export function signEvent({ kind, created_at, tags, content }: EventTemplate, key: SecretKey): NostrEvent {
  const unsigned = { pubkey: key.publicKey, created_at, kind, tags, content };
  const id = computeEventId(unsigned);
  return { id, ...unsigned, sig: key.sign(id) };
}
