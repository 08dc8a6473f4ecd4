import type { RelayUrl } from '@bigbrotr/models';
import { z } from 'zod';

/** How sending one event to one relay ended. */
export type Sent =
  | { readonly ok: true }
  /** `final`: the relay will not have this event, however often it is sent. */
  | { readonly ok: false; readonly reason: string; readonly final: boolean };

const StoredDelivery = z.object({
  eventId: z.string(),
  /** Unix seconds. */
  createdAt: z.int(),
  targets: z.record(
    z.string(),
    z.object({
      state: z.enum(['waiting', 'delivered', 'refused', 'given-up']),
      tries: z.int(),
      reason: z.string().optional(),
      /** Unix seconds of the last try. */
      at: z.int(),
    }),
  ),
});

/** How far the last event of one kind and subject has come, relay by relay. */
export type Delivery = Readonly<z.output<typeof StoredDelivery>>;

export function parseDelivery(stored: unknown): Delivery | undefined {
  return StoredDelivery.safeParse(stored).data;
}

/** Targets that do not have the event yet and may still take it. */
export function waitingTargets(delivery: Delivery | undefined, targets: readonly RelayUrl[]): RelayUrl[] {
  return targets.filter((url) => (delivery?.targets[url]?.state ?? 'waiting') === 'waiting');
}

export function isUnderWay(delivery: Delivery): boolean {
  return Object.values(delivery.targets).some(({ state }) => state === 'waiting');
}

/** Books a round of sending. */
export function bookDelivery(
  before: Delivery,
  sent: ReadonlyMap<RelayUrl, Sent>,
  { attempts, at }: { readonly attempts: number; readonly at: number },
): Delivery {
  const targets = { ...before.targets };
  for (const [url, result] of sent) {
    const tries = (targets[url]?.tries ?? 0) + 1;
    if (result.ok) targets[url] = { state: 'delivered', tries, at };
    else targets[url] = { state: stateOf(result.final, tries >= attempts), tries, reason: result.reason, at };
  }
  return { ...before, targets };
}

function stateOf(final: boolean, exhausted: boolean): 'refused' | 'given-up' | 'waiting' {
  if (final) return 'refused';
  return exhausted ? 'given-up' : 'waiting';
}

/** In a word: `published` everywhere, `partly`, or `undelivered`. */
export function resultOf({ targets }: Delivery): string {
  const delivered = Object.values(targets).filter(({ state }) => state === 'delivered').length;
  if (delivered === 0) return 'undelivered';
  return delivered === Object.keys(targets).length ? 'published' : 'partly';
}

/** Most tries that a waiting target has seen. */
export function triesOf({ targets }: Delivery): number {
  return Math.max(0, ...Object.values(targets).flatMap(({ state, tries }) => (state === 'waiting' ? [tries] : [])));
}
