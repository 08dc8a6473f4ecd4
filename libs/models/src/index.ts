export { AppError, type Recovery } from './app-error.js';

export { NETWORKS, type Network } from './relay/network.js';
export { RELAY_STATUSES, type RelayStatus } from './relay/status.js';
export { classifyAddress, type AddressClass } from './relay/address.js';
export { networkOfHost, parseRelayHost, type RelayHost, type RelayHostRejection } from './relay/relay-host.js';
export {
  MAX_RELAY_URL_LENGTH,
  parseRelayUrl,
  type RelayUrl,
  type RelayUrlOptions,
  type RelayUrlRejection,
  type RelayUrlResult,
} from './relay/relay-url.js';
export {
  discoveryUrl,
  registrableDomain,
  relayHostKey,
  relayUrlParts,
  type RelayUrlParts,
} from './relay/relay-url-parts.js';
export { splitGluedUrls } from './relay/split-glued-urls.js';

export { hasNul, MAX_KIND, parseEvent, type EventRejection, type EventResult, type NostrEvent } from './event/event.js';
export { checkEventId, computeEventId, serializeEvent, type UnsignedEvent } from './event/event-id.js';
export { filterKey, FilterSchema, matchesFilter, type Filter } from './event/filter.js';
export { kindClass, type KindClass } from './event/kinds.js';
export { expirationOf, tagValues } from './event/tags.js';

export { canonicalJson, type JsonObject, type JsonValue } from './metadata/canonical-json.js';
export {
  METADATA_TYPES,
  metadataId,
  pruneMetadata,
  type MetadataType,
  type PrunedMetadata,
} from './metadata/metadata.js';

export { cover, type CoverOptions } from './coverage/cover.js';
export { coverageChange, type CoverageChange } from './coverage/coverage-change.js';
export { coveredShare, oldestProof, uncovered, type Proof } from './coverage/coverage-gaps.js';
export {
  COVERAGE_METHODS,
  COVERAGE_STATUSES,
  type CoverageMethod,
  type CoverageRow,
  type CoverageStatus,
} from './coverage/coverage-row.js';
export type { Interval } from './coverage/intervals.js';

export { DurationError, formatDuration, parseDuration } from './time/duration.js';
export { unixNow } from './time/unix-time.js';

export type { Now } from './ports/clock.js';
export type { HttpGet, HttpRequest, HttpResult } from './ports/http.js';
export type { DnsFacts, ResolveFacts } from './ports/resolver.js';
export type {
  Dial,
  DialFailure,
  DialFailureReason,
  DialOptions,
  DialResult,
  FrameListener,
  FrameSocket,
  Opening,
  SocketClose,
  TlsFacts,
} from './ports/socket.js';
