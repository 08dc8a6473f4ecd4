export {
  breakId,
  breakSignature,
  createEventFactory,
  type CorpusWish,
  type EventFactory,
  type EventFactoryOptions,
  type EventWish,
} from './event-factory.js';
export { needs, type Need } from './needs.js';
export { queryOnce } from './query-once.js';
export { createTestDatabase, type TestDatabase, type TestDatabaseOptions } from './test-database.js';
export { until, type UntilOptions } from './until.js';
export { startDnsServer, type DnsRecords, type DnsServer } from './dns-server.js';
export { startSocks5Server, type Socks5Server, type SocksAnswer, type SocksRequest } from './socks5-server.js';
export { startTcpServer, type TcpServer } from './tcp-server.js';
export { createRandom, type Random } from './random.js';
export { startScriptedRelay, type ScriptedRelay, type ScriptedRelayOptions } from './scripted-relay/scripted-relay.js';
export type { LoggedRequest, NegentropyResponder, Reconciliation } from './scripted-relay/relay-state.js';
export type { Temper } from './scripted-relay/temper.js';
export { createScriptedSocket, type ScriptedPeer, type ScriptedSocketOptions } from './scripted-socket.js';
export {
  ENDPOINTS,
  type EndpointDefinition,
  type Mention,
  type Naming,
  type RelayDefinition,
  type StrangerDefinition,
} from './sim-network/endpoints.js';
export {
  startRelayLibraryRelay,
  type RelayLibraryRelay,
  type RelayLibraryRelayOptions,
} from './sim-network/relay-library-relay.js';
export {
  startSimNetwork,
  type EndpointTruth,
  type SimEndpoint,
  type SimNetwork,
  type SimNetworkOptions,
} from './sim-network/sim-network.js';
