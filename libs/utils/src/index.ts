export { resolveDataDir, type DataDir, type DataDirFacts } from './servers/data-dir.js';
export { findRedisBinary } from './servers/find-redis-binary.js';
export { freePort } from './servers/free-port.js';
export { isReachable } from './servers/reachable.js';
export { serverAccount, type RunAs } from './servers/run-as.js';
export type { RunningServer, ServerExit } from './servers/running-server.js';
export { ServerError, type ServerErrorCode } from './servers/server-error.js';
export { serverGuard, type GuardedServer, type GuardOptions } from './servers/server-guard.js';
export { startPostgres, type PostgresOptions } from './servers/start-postgres.js';
export { startRedis, type RedisOptions } from './servers/start-redis.js';
export { parseSecretKey, type SecretKeyRejection, type SecretKeyResult } from './keys/parse-secret-key.js';
export { generateSecretKey, publicKeyOf, type SecretKey } from './keys/secret-key.js';
export { signEvent, type EventTemplate } from './keys/sign-event.js';
export {
  createVerifier,
  EngineUnavailableError,
  type EngineChoice,
  type SignedId,
  type Verifier,
  type VerifierModules,
  type VerifierOptions,
} from './verify/create-verifier.js';
export type { EngineLoader, EngineName, SignatureEngine } from './verify/signature-engine.js';
export { createDialer, type Dialer } from './net/dialer.js';
export type { DialerLimits, DialerModules, DialerNetwork, DialerOptions } from './net/dialer-options.js';
export type { Lookup, LookupQuery } from './net/lookup.js';
export { sleep } from './async/sleep.js';
