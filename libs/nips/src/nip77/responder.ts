import type { NostrEvent } from '@bigbrotr/models';
import { NegentropyItemSet } from './item-set.js';
import { reconcile, type ReconcileOptions } from './negentropy.js';

/** The answering side over a fixed set of events; hex in, hex out. Throws on a message that no honest initiator sends. */
export function createNegentropyResponder(
  { frameSizeLimit }: Pick<ReconcileOptions, 'frameSizeLimit'>,
  events: readonly Pick<NostrEvent, 'id' | 'created_at'>[],
): { reply(message: string): string } {
  const limit = frameSizeLimit === undefined ? {} : { frameSizeLimit };
  const items = new NegentropyItemSet(events.map(({ id, created_at }) => ({ created_at, id: Buffer.from(id, 'hex') })));
  return {
    reply(message) {
      const answer = reconcile({ role: 'responder', ...limit }, items, Buffer.from(message, 'hex'));
      if (!answer.ok || answer.next === undefined) throw new RangeError('not a negentropy message');
      return Buffer.from(answer.next).toString('hex');
    },
  };
}
