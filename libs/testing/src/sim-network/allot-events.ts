import type { NostrEvent } from '@bigbrotr/models';

import { createRandom } from '../random.js';
import { BURST } from './common-events.js';
import type { RelayDefinition } from './endpoints.js';

/** Which relay holds which of the common events; each event is on one of them at least. */
export function allotEvents(
  seed: number,
  events: readonly NostrEvent[],
  relays: readonly RelayDefinition[],
): ReadonlyMap<string, NostrEvent[]> {
  const random = createRandom(seed);
  const held = new Map(relays.map(({ name }) => [name, [] as NostrEvent[]]));
  for (const event of events) {
    const open = relays.filter((relay) => mayHold(relay, event));
    const chosen = event.created_at === BURST.at ? open : open.filter(({ share }) => random.chance(share));
    for (const { name } of chosen.length > 0 ? chosen : [random.pick(open)]) held.get(name)!.push(event);
  }
  return held;
}

function mayHold({ takesBurst, demandsAuth = false }: RelayDefinition, { created_at, kind }: NostrEvent): boolean {
  if (created_at === BURST.at && !takesBurst) return false;
  // The library would hide them from us: it shows direct messages to their author and recipient alone.
  return kind !== 4 || !demandsAuth;
}
