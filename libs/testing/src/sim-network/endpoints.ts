import type { RelayStatus } from '@bigbrotr/models';

/** How an event names the relays that it names. */
export type Naming = 'relay-list' | 'contact-list' | 'recommendation';

export interface Mention {
  readonly by: Naming;
  /** Names of endpoints. */
  readonly to: readonly string[];
  /** Newer or older than the bulk of what the relay holds: at the bottom it is found by who reads on. */
  readonly at: 'top' | 'bottom';
}

/** A relay of the library `@nostr-relay/core`. */
export interface RelayDefinition {
  readonly kind: 'relay';
  readonly name: string;
  readonly verdict: RelayStatus;
  /** Which part of the common events it holds, 0 to 1. */
  readonly share: number;
  /** Whether it holds the events that share one second. */
  readonly takesBurst: boolean;
  /** It silently serves no more per filter. */
  readonly maxLimit?: number;
  /** Serves after NIP-42 only. */
  readonly demandsAuth?: boolean;
  readonly mentions: readonly Mention[];
}

/** Whatever else may stand behind a URL. */
export interface StrangerDefinition {
  /** A WebSocket that sends back what it gets; a port at which nobody listens. */
  readonly kind: 'echo' | 'dead';
  readonly name: string;
  readonly verdict: RelayStatus;
}

export type EndpointDefinition = RelayDefinition | StrangerDefinition;

/** The first is the one that is known from the start; from it all others can be found. */
export const ENDPOINTS: readonly EndpointDefinition[] = [
  {
    kind: 'relay',
    name: 'harbour',
    verdict: 'online',
    share: 0.6,
    takesBurst: true,
    mentions: [
      { by: 'relay-list', to: ['lighthouse', 'quay'], at: 'top' },
      { by: 'recommendation', to: ['parrot'], at: 'top' },
    ],
  },
  {
    kind: 'relay',
    name: 'lighthouse',
    verdict: 'online',
    share: 0.5,
    takesBurst: true,
    mentions: [{ by: 'contact-list', to: ['narrows', 'quay'], at: 'top' }],
  },
  {
    kind: 'relay',
    name: 'quay',
    verdict: 'online',
    share: 0.35,
    takesBurst: false,
    mentions: [{ by: 'relay-list', to: ['customs', 'harbour'], at: 'top' }],
  },
  // Only who authenticates at `customs` ever hears of it.
  { kind: 'relay', name: 'island', verdict: 'online', share: 0.3, takesBurst: false, mentions: [] },
  {
    kind: 'relay',
    name: 'narrows',
    verdict: 'online',
    share: 0.25,
    takesBurst: false,
    maxLimit: 100,
    mentions: [{ by: 'recommendation', to: ['wreck'], at: 'bottom' }],
  },
  {
    kind: 'relay',
    name: 'customs',
    verdict: 'auth',
    share: 0.25,
    takesBurst: false,
    demandsAuth: true,
    mentions: [{ by: 'contact-list', to: ['island'], at: 'top' }],
  },
  { kind: 'echo', name: 'parrot', verdict: 'not_nostr' },
  { kind: 'dead', name: 'wreck', verdict: 'unreachable' },
];
