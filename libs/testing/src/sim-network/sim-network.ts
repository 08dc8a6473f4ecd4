import type { NostrEvent, RelayStatus } from '@bigbrotr/models';

import { createEventFactory } from '../event-factory.js';
import { allotEvents } from './allot-events.js';
import { makeCommonEvents } from './common-events.js';
import { holdDeadPort } from './dead-port.js';
import { startEchoServer } from './echo-server.js';
import { ENDPOINTS, type EndpointDefinition, type RelayDefinition } from './endpoints.js';
import { makeMentionEvents } from './mention-events.js';
import { startRelayLibraryRelay, type RelayLibraryRelay } from './relay-library-relay.js';

export interface SimNetworkOptions {
  /** Equal seeds give equal events, but for those that name ports. Default 1. */
  readonly seed?: number;
  /** Distinct events over all relays, those that name ports not counted. Default 5,200. */
  readonly events?: number;
  /** The first endpoint is the seed. Default: {@link ENDPOINTS}. */
  readonly endpoints?: readonly EndpointDefinition[];
}

export interface SimEndpoint {
  readonly name: string;
  readonly url: string;
  /** What an observatory should say of it. */
  readonly verdict: RelayStatus;
}

export interface EndpointTruth extends SimEndpoint {
  /** From the relay's own store; empty for what is no relay. */
  readonly events: readonly NostrEvent[];
}

/** A Nostr network on loopback: every endpoint on a port of its own, each found through events of another. */
export interface SimNetwork extends AsyncDisposable {
  /** All that a newcomer is told. */
  readonly seedUrl: string;
  readonly endpoints: readonly SimEndpoint[];
  truth(): readonly EndpointTruth[];
  close(): Promise<void>;
}

interface RunningEndpoint {
  readonly definition: EndpointDefinition;
  readonly url: string;
  readonly relay?: RelayLibraryRelay;
  close(): Promise<void>;
}

export async function startSimNetwork(options: SimNetworkOptions = {}): Promise<SimNetwork> {
  const { seed = 1, events = 5_200, endpoints = ENDPOINTS } = options;
  const running: RunningEndpoint[] = [];
  const close = async (): Promise<void> => {
    const ends = await Promise.allSettled(running.splice(0).map((endpoint) => endpoint.close()));
    const faults = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
    if (faults.length > 0) throw new AggregateError(faults, 'the simulated network broke');
  };
  try {
    for (const definition of endpoints) running.push(await startEndpoint(definition));
    fill(running, { seed, events });
  } catch (error) {
    await close();
    throw error;
  }

  const described = running.map(({ definition: { name, verdict }, url }) => ({ name, url, verdict }));
  const dumps = running.map(({ relay }) => relay?.dump.bind(relay));
  const [first] = described;
  if (first === undefined) throw new RangeError('a network without endpoints');
  return {
    seedUrl: first.url,
    endpoints: described,
    truth: () => described.map((endpoint, index) => ({ ...endpoint, events: dumps[index]?.() ?? [] })),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function startEndpoint(definition: EndpointDefinition): Promise<RunningEndpoint> {
  switch (definition.kind) {
    case 'relay': {
      const relay = await startRelayLibraryRelay(definition);
      return { definition, url: relay.url, relay, close: () => relay.close() };
    }
    case 'echo': {
      const server = await startEchoServer();
      return { definition, url: server.url, close: () => server.close() };
    }
    case 'dead': {
      const port = await holdDeadPort();
      return { definition, url: port.url, close: () => port.close() };
    }
  }
}

/** Ports are known only now, and with them what the events say that name them. */
function fill(
  running: readonly RunningEndpoint[],
  { seed, events }: { readonly seed: number; readonly events: number },
): void {
  const relays = running
    .map(({ definition }) => definition)
    .filter((definition): definition is RelayDefinition => definition.kind === 'relay');
  const held = allotEvents(seed + 1, makeCommonEvents({ seed, count: events }), relays);
  const factory = createEventFactory({ seed: seed + 2 });
  const urls = new Map(running.map(({ definition, url }) => [definition.name, url]));
  const urlOf = (name: string): string => {
    const url = urls.get(name);
    if (url === undefined) throw new RangeError(`no endpoint is called ${name}`);
    return url;
  };
  for (const { definition, relay } of running) {
    if (definition.kind !== 'relay') continue;
    relay?.load([...(held.get(definition.name) ?? []), ...makeMentionEvents(factory, definition, urlOf)]);
  }
}
