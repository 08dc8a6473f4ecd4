/** What the last checks say about a relay. */
export const RELAY_STATUSES = [
  'online', // answers NIP-01
  'auth', // answers after NIP-42 only
  'restricted', // there, but not for us: 402, 403, CLOSED restricted
  'insecure', // its certificate does not hold
  'degraded', // opens, yet no request comes to an end
  'not_nostr', // a WebSocket that speaks something else
  'redirected', // the upgrade is sent elsewhere
  'dns', // the name does not resolve
  'unreachable', // no connection
  'dead', // no connection for so long that we hardly ask
] as const;

export type RelayStatus = (typeof RELAY_STATUSES)[number];
