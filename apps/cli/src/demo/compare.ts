import { computeEventId, type NostrEvent } from '@bigbrotr/models';
import type { EndpointTruth } from '@bigbrotr/testing';

/** What the archive says. */
export interface Archive {
  readonly events: readonly NostrEvent[];
  /** Which event was seen on which relay. */
  readonly sightings: readonly { readonly eventId: string; readonly url: string }[];
  /** By URL. */
  readonly verdicts: ReadonlyMap<string, string>;
}

/** Expectations against what the archive holds, by key. */
export interface Tally {
  readonly expected: number;
  /** As expected. */
  readonly found: number;
  readonly missing: readonly string[];
  /** There, but not as expected. */
  readonly altered: readonly string[];
  /** There, and expected by nobody. */
  readonly invented: readonly string[];
}

export interface EndpointReport {
  readonly name: string;
  readonly url: string;
  readonly expectedVerdict: string;
  /** Undefined: the archive has never heard of it. */
  readonly verdict: string | undefined;
  readonly expectedEvents: number;
  /** Of them, how many the archive has seen on this relay. */
  readonly foundEvents: number;
}

export interface Comparison {
  readonly ok: boolean;
  /** By id. */
  readonly events: Tally;
  /** By id and URL. */
  readonly provenance: Tally;
  /** By URL. */
  readonly verdicts: Tally;
  readonly endpoints: readonly EndpointReport[];
}

/** Whether the archive holds exactly what the relays hold, knows each event's relays, and says of each endpoint what it is. */
export function compare(truth: readonly EndpointTruth[], archive: Archive): Comparison {
  const seen = new Set(archive.sightings.map(({ eventId, url }) => pairKey(eventId, url)));
  const heldPairs = truth.flatMap(({ url, events }) => events.map(({ id }) => pairKey(id, url)));
  const heldEvents = truth.flatMap(({ events }) => events);

  const events = tally(byId(heldEvents), byId(archive.events), isSameEvent);
  const provenance = tally(asMap(heldPairs), asMap(seen), () => true);
  const verdicts = tally(new Map(truth.map(({ url, verdict }) => [url, verdict])), archive.verdicts, (a, b) => a === b);
  return {
    ok: [events, provenance, verdicts].every(isClean),
    events,
    provenance,
    verdicts,
    endpoints: truth.map(({ name, url, verdict, events: held }) => ({
      name,
      url,
      expectedVerdict: verdict,
      verdict: archive.verdicts.get(url),
      expectedEvents: held.length,
      foundEvents: held.filter(({ id }) => seen.has(pairKey(id, url))).length,
    })),
  };
}

function tally<T>(
  expected: ReadonlyMap<string, T>,
  stored: ReadonlyMap<string, T>,
  isSame: (expected: T, stored: T) => boolean,
): Tally {
  const missing: string[] = [];
  const altered: string[] = [];
  for (const [key, wanted] of expected) {
    const there = stored.get(key);
    if (there === undefined) missing.push(key);
    else if (!isSame(wanted, there)) altered.push(key);
  }
  const invented = [...stored.keys()].filter((key) => !expected.has(key));
  return {
    expected: expected.size,
    found: expected.size - missing.length - altered.length,
    missing,
    altered,
    invented,
  };
}

function isClean({ missing, altered, invented }: Tally): boolean {
  return missing.length + altered.length + invented.length === 0;
}

/** The id is the hash of everything but the signature, so an archive cannot quote itself: it is computed anew. */
function isSameEvent(held: NostrEvent, stored: NostrEvent): boolean {
  return computeEventId(stored) === held.id && stored.sig === held.sig;
}

function pairKey(eventId: string, url: string): string {
  return `${eventId} ${url}`;
}

function byId(events: readonly NostrEvent[]): ReadonlyMap<string, NostrEvent> {
  return new Map(events.map((event) => [event.id, event]));
}

function asMap(keys: Iterable<string>): ReadonlyMap<string, true> {
  return new Map(Array.from(keys, (key) => [key, true]));
}
