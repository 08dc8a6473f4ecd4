import { readServiceData, writeServiceData, type Queryable } from '@bigbrotr/core';
import { unixNow, type NostrEvent, type Now, type RelayUrl } from '@bigbrotr/models';
import type { EventTemplate, Sign } from '@bigbrotr/nips';

import {
  bookDelivery,
  isUnderWay,
  parseDelivery,
  resultOf,
  triesOf,
  waitingTargets,
  type Delivery,
  type Sent,
} from './delivery.js';
import type { Outlets } from './outlets.js';

export interface PublishOptions {
  /** What the event is about: its delivery is booked under this key. */
  readonly key: string;
  readonly targets: readonly RelayUrl[];
  readonly attempts: number;
  readonly retryMs: number;
}

export interface PublishModules {
  readonly db: Queryable;
  readonly outlets: Pick<Outlets, 'send'>;
  readonly sign: Sign;
  readonly now: Now;
}

export type Published =
  | { readonly end: 'done'; readonly result: string }
  | { readonly end: 'retry'; readonly delayMs: number }
  | { readonly end: 'aborted' };

/**
 * Sends an event to every target that does not have it. The delivery is booked target by target, so that a repeated
 * job goes on where it stopped: the same facts make the same event, which whoever has it does not get again.
 */
export async function publish(
  compose: (createdAt: number) => EventTemplate,
  options: PublishOptions,
  modules: PublishModules,
  signal: AbortSignal,
): Promise<Published> {
  const { db, outlets, now } = modules;
  const booked = parseDelivery(await readServiceData(db, SERVICE, 'state', options.key));
  const { event, delivery } = await takeUp(compose, booked, modules);
  const sent = new Map<RelayUrl, Sent>();
  const waiting = waitingTargets(delivery, options.targets);
  await Promise.all(waiting.map(async (url) => sent.set(url, await outlets.send(url, event, signal))));
  // Cut short by us: what was answered is booked, the rest was no try.
  if (signal.aborted) for (const [url, { ok }] of sent) if (!ok) sent.delete(url);
  const at = unixNow(now);
  const after = bookDelivery(delivery, sent, { attempts: options.attempts, at });
  if (sent.size > 0) await writeServiceData(db, SERVICE, 'state', options.key, after, at);
  if (signal.aborted) return { end: 'aborted' };
  if (isUnderWay(after)) return { end: 'retry', delayMs: options.retryMs * 2 ** (triesOf(after) - 1) };
  return { end: 'done', result: waiting.length === 0 ? 'known' : resultOf(after) };
}

const SERVICE = 'publisher';

/** The event that is under way, if it still says what we would say; else a new one. */
async function takeUp(
  compose: (createdAt: number) => EventTemplate,
  booked: Delivery | undefined,
  { sign, now }: Pick<PublishModules, 'sign' | 'now'>,
): Promise<{ readonly event: NostrEvent; readonly delivery: Delivery }> {
  if (booked && isUnderWay(booked)) {
    const event = await sign(compose(booked.createdAt));
    if (event.id === booked.eventId) return { event, delivery: booked };
  }
  const event = await sign(compose(unixNow(now)));
  if (event.id === booked?.eventId) return { event, delivery: booked };
  return { event, delivery: { eventId: event.id, createdAt: event.created_at, targets: {} } };
}
