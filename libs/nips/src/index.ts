export type { EventTemplate, Sign } from './nip42/auth.js';
export { authTemplate, AUTH_KIND } from './nip42/auth.js';
export type { NoAnswer, Refusal } from './nip01/exchange.js';
export { proveNostr, type NostrProof, type ProofOptions } from './nip01/handshake.js';
export type { QuestionOptions } from './nip01/question.js';
export { classifyReason, isRefusal, REASON_CLASSES, type ReasonClass } from './nip01/reason-text.js';
export {
  RelayConnection,
  type AuthResult,
  type ConnectionOptions,
  type CountResult,
  type KeepAliveOptions,
  type PublishResult,
} from './nip01/relay-connection.js';
export {
  DEFAULT_MAX_FRAME_BYTES,
  parseRelayMessage,
  type MalformedReason,
  type RelayMessage,
} from './nip01/relay-message.js';
export type { RequestOptions, RequestOutcome, Subscription } from './nip01/subscription.js';
export type { ConnectionCounters } from './nip01/switchboard.js';
export { readRelayDocument, type RelayDocument, type RelayInformation } from './nip11/document.js';
export {
  documentUrl,
  fetchRelayDocument,
  type DocumentFailureReason,
  type DocumentResult,
  type FetchDocumentOptions,
} from './nip11/fetch-document.js';
export { nip19RelayHints, type RelayHintLimits } from './nip19/relay-hints.js';
export type { CountAnswer } from './nip45/count-answer.js';
export { relayMentions, type MentionSource, type RelayMention } from './nip65/relay-mentions.js';
export { relayAccess, relayTypes, type RelayAccess } from './nip66/access.js';
export {
  ANNOUNCEMENT_KIND,
  announcementEvent,
  type MonitorAnnouncement,
  type MonitorCheck,
} from './nip66/announcement.js';
export {
  failed,
  passed,
  type Check,
  type DnsData,
  type GeoData,
  type HttpData,
  type NetData,
  type RttData,
  type SslData,
} from './nip66/checks.js';
export { accessTags, DISCOVERY_KIND, discoveryEvent, type DiscoveryFacts } from './nip66/discovery-event.js';
export { readDiscovery, type Discovery, type DiscoveryResult } from './nip66/discovery-reader.js';
export { dnsFacts, httpFacts, sslFacts } from './nip66/facts.js';
export { findingOfFailure, findingOfProof, SEEN_STATUSES, type Finding } from './nip66/finding.js';
export { geoFacts, geohash, netFacts, type Addresses, type IpDatabase, type IpDatabases } from './nip66/ip-facts.js';
export { probeSupport, type SupportFound, type SupportOptions } from './nip66/probe-support.js';
export { rttCheck, rttLogs, type RttLogs, type RttPhase, type RttPhases } from './nip66/rtt.js';
export { checkWrite, type WriteCheck, type WriteCheckOptions } from './nip66/write-check.js';
export type { EoseHints } from './nip67/eose-hints.js';
export { NegentropyItemSet, type NegentropyItem } from './nip77/item-set.js';
export type { MalformedMessage } from './nip77/message-codec.js';
export type { NegentropyExchange, NegentropyExchangeOptions, NegentropyTurn } from './nip77/negentropy-exchange.js';
export { openNegentropy, reconcile, type Reconciled, type ReconcileOptions } from './nip77/negentropy.js';
export { createNegentropyResponder } from './nip77/responder.js';
export {
  runNegentropySession,
  type NegentropyBatch,
  type NegentropyEnd,
  type NegentropyOutcome,
  type NegentropySessionOptions,
  type NegentropyTotals,
} from './nip77/session.js';
