import type { NostrEvent } from '@bigbrotr/models';

import { breakSignature } from '../event-factory.js';
import type { Random } from '../random.js';
import type { EventIndex, Selection } from './event-index.js';
import type { FilterMatching } from './filter-matching.js';
import type { Temper } from './temper.js';

/** The stored part of an answer to a REQ, as the temper distorts it. */
export function buildPage(
  filters: readonly FilterMatching[],
  index: EventIndex,
  temper: Temper,
  random: Random,
): Selection {
  const parts = filters.map((filter) => selectStored(filter, index, temper));
  const chosen = [...new Set(parts.flatMap(({ events }) => events))];
  const kept = chosen.filter(() => random.chance(temper.randomAnswers ?? 1));
  const ordered = temper.order === 'shuffled' ? random.shuffle(kept) : kept;
  const repeated = ordered.filter(() => random.chance(temper.duplicates ?? 0));
  const mixed = mixInStrangers([...ordered, ...repeated], filters, index, temper.outsideFilter ?? 0, random);
  return { events: mixed.map((event) => asServed(event, temper)), more: parts.some(({ more }) => more) };
}

/** Without limit, cap and chance: what COUNT and negentropy speak about. */
export function matchingEvents(filter: FilterMatching, index: EventIndex, temper: Temper): NostrEvent[] {
  return index.select(filter, { ...bounds(filter, temper), limit: Infinity, from: 'newest' }).events;
}

/** Whether `event`, arriving now, belongs to an open subscription. */
export function matchesLive(filter: FilterMatching, event: NostrEvent, temper: Temper): boolean {
  const { since, until } = bounds(filter, temper);
  return event.created_at >= since && event.created_at <= until && filter.matches(event);
}

/** Which events are spoiled is a property of the event: no number of requests gets at a good copy. */
export function isSpoiled(event: NostrEvent, temper: Temper): boolean {
  return parseInt(event.id.slice(-8), 16) / 2 ** 32 < (temper.badSignatures ?? 0);
}

export function asServed(event: NostrEvent, temper: Temper): NostrEvent {
  return isSpoiled(event, temper) ? breakSignature(event) : event;
}

function selectStored(filter: FilterMatching, index: EventIndex, temper: Temper): Selection {
  const asked = temper.ignoresLimit === true ? Infinity : (filter.limit ?? temper.defaultLimit ?? Infinity);
  return index.select(filter, {
    ...bounds(filter, temper),
    limit: Math.min(asked, temper.cap ?? Infinity),
    from: temper.order === 'oldest' ? 'oldest' : 'newest',
  });
}

function bounds(
  { since = -Infinity, until = Infinity }: FilterMatching,
  temper: Temper,
): { since: number; until: number } {
  const step = temper.exclusiveBounds === true ? 1 : 0;
  const absent = temper.ignoresUntil === true || (until < 1 && temper.untilBelowOne !== 'literal');
  return { since: since + step, until: absent ? Infinity : until - step };
}

function mixInStrangers(
  events: readonly NostrEvent[],
  filters: readonly FilterMatching[],
  index: EventIndex,
  count: number,
  random: Random,
): NostrEvent[] {
  const mixed = [...events];
  const held = index.all();
  // The tries are bounded because a filter may leave no stranger to find.
  for (let tries = 20 * count, left = count; tries > 0 && left > 0 && held.length > 0; tries -= 1) {
    const stranger = random.pick(held);
    if (filters.some((filter) => matchesLive(filter, stranger, {}))) continue;
    mixed.splice(random.below(mixed.length + 1), 0, stranger);
    left -= 1;
  }
  return mixed;
}
