export {
  putCandidates,
  findCandidate,
  postponeCandidate,
  readCandidate,
  recordCandidateFailure,
  type Candidate,
  type CandidateFailure,
  type FoundUrl,
} from './archive/candidate-store.js';
export { readCoverage } from './archive/coverage-store.js';
export { storeEvents, type ArchiveProfile, type StoredEvents } from './archive/event-rows.js';
export {
  EVENT_WRITER_DEFAULTS,
  EventWriter,
  type CommitResult,
  type CoverageCommit,
  type DeclinedEvent,
  type EventWriterOptions,
  type Fence,
  type Mention,
  type PageCommit,
} from './archive/event-writer.js';
export { storeFailure } from './archive/failure-store.js';
export { createGenerationMirror } from './archive/generation-store.js';
export { readMentions, removeMentions } from './archive/mention-store.js';
export { putChecks, storeChecks, type StoredCheck } from './archive/metadata-store.js';
export { overview, type Overview } from './archive/overview.js';
export { readRelayProbes, writeRelayProbes, type RelayProbes } from './archive/relay-probes.js';
export {
  findRelay,
  promoteCandidate,
  readRelay,
  readRelayHealth,
  recordStatus,
  type Promotion,
  type Relay,
  type RelayHealth,
} from './archive/relay-store.js';
export { readServiceData, writeServiceData, type ServiceDataType } from './archive/service-data.js';

export { appConfigSchema, type AppConfigSchema, type ConfigSection, type SharedConfig } from './config/app-config.js';
export { ConfigError, type ConfigIssue } from './config/config-error.js';
export { configJsonSchema, describeConfig } from './config/describe-config.js';
export { Duration } from './config/duration.js';
export { loadConfig, type LoadConfigOptions } from './config/load-config.js';
export {
  QUEUE_BACKENDS,
  type ApiConfig,
  type ArchiveConfig,
  type DatabaseConfig,
  type GeoConfig,
  type LogConfig,
  type NetworkConfig,
  type NetworksConfig,
  type NostrConfig,
  type PolicyConfig,
  type QueueConfig,
  type VerifyConfig,
  type WorkerConfig,
} from './config/schema.js';
export type { Env } from './config/variables.js';

export {
  DatabaseError,
  isConnectionFailure,
  isRowFault,
  sqlState,
  type DatabaseErrorCode,
} from './db/database-error.js';
export { assertSchema, migrate, MIGRATIONS_FOLDER } from './db/migrate.js';
export {
  assertReachable,
  createPool,
  transaction,
  type Pool,
  type PoolOptions,
  type Queryable,
  type Transaction,
} from './db/pool.js';
export { SCHEMA_VERSION } from './db/schema-version.js';
export { candidates, candidateSources } from './db/tables/candidates.js';
export { events, eventsDeclined, eventSeen } from './db/tables/events.js';
export { metadata, relayChecks } from './db/tables/metadata.js';
export { auditLog, jobFailures, jobRequests } from './db/tables/operations.js';
export { relays, relayTasks } from './db/tables/relays.js';
export { syncCoverage } from './db/tables/sync-coverage.js';
export { relayUptimeDays, relayUptimeHours } from './db/tables/uptime.js';

export {
  createHealthAnswers,
  type HealthAnswer,
  type HealthAnswers,
  type HealthModules,
} from './health/health-answers.js';
export { startHealthServer, type HealthServer, type HealthServerOptions } from './health/health-server.js';
export { ListenError, type ListenAddress, type ListenErrorCode } from './health/listen-error.js';
export { readiness, type Readiness, type ReadinessCheck, type ReadinessChecks } from './health/readiness.js';

export {
  backOff,
  hostLeaseKey,
  relayLeaseKey,
  releaseLeases,
  renewLeases,
  takeLeases,
  type LeaseKey,
  type LeaseResult,
} from './leases/leases.js';
export { withLeases, type HeldLease } from './leases/with-leases.js';
export { Closers } from './lifecycle/closers.js';

export { errorCode } from './logging/error-code.js';
export { createLogger, type LogData, type LogDestination, type Logger } from './logging/logger.js';
export { maskSecrets, maskText, maskUrl } from './logging/mask-secrets.js';
export { serializeError, type SerializedError } from './logging/serialize-error.js';

export { createBacklogMetrics, type Backlog } from './metrics/backlog-metrics.js';
export { createEventMetrics, EVENT_VERDICTS, type EventMetrics, type EventVerdict } from './metrics/event-metrics.js';
export { createRegistry, METRIC_PREFIX, type MetricsRegistry } from './metrics/registry.js';

export { openQueueBackend, type BackendKind, type QueueBackend, type QueueBackendOptions } from './queue/backend.js';
export {
  createBus,
  type Bus,
  type CancelResult,
  type EnqueueOptions,
  type JobState,
  type QueueCounts,
  type RequestedJob,
} from './queue/bus.js';
export {
  defineContract,
  MAX_PAYLOAD_BYTES,
  queueName,
  type Contract,
  type PayloadInput,
  type StageName,
  type Versioned,
} from './queue/contract.js';
export { dispatchJob } from './queue/contracts/dispatcher.js';
export { findJob } from './queue/contracts/finder.js';
export { maintainJob } from './queue/contracts/maintainer.js';
export { monitorJob } from './queue/contracts/monitor.js';
export { PUBLICATIONS, publishJob } from './queue/contracts/publisher.js';
export { CONTRACTS, contractOf, queuesOf, type QueueOf } from './queue/contracts/registry.js';
export { seedJob } from './queue/contracts/seeder.js';
export { syncJob } from './queue/contracts/synchronizer.js';
export { validateJob } from './queue/contracts/validator.js';
export { createDeadLetters, type DeadLetter, type DeadLetters } from './queue/dead-letters.js';
export { checkGeneration, type GenerationMirror, type GenerationVerdict } from './queue/generation.js';
export { createHandOver, HIGH_WATER, type HandOver } from './queue/hand-over.js';
export { createJobMetrics, type JobMetrics } from './queue/job-metrics.js';
export type { Priority } from './queue/job-options.js';
export {
  handle,
  type AbortReason,
  type Handler,
  type JobContext,
  type Outcome,
  type Registration,
} from './queue/outcome.js';
export { migrateQueueSchema } from './queue/postgres-pool.js';
export { QueueError, type QueueErrorCode } from './queue/queue-error.js';
export { startQueueWatch, type QueueWatch } from './queue/queue-watch.js';
export { defineSchedule, type Schedule } from './queue/schedules.js';
export {
  openWorkerHost,
  type JobListener,
  type JobRef,
  type QueueActivity,
  type QueueAssignment,
  type WorkerHost,
} from './queue/worker-host.js';

export {
  closeJobRequest,
  createJobRequest,
  listJobRequests,
  pendingJobRequests,
  readJobRequest,
  readJobRequests,
  type CreateResult,
  type JobRequest,
  type RequestStatus,
} from './requests/job-requests.js';
export { JobRequestBody } from './requests/request-body.js';
export { createRequestListener } from './requests/request-listener.js';
export { routeRequest, type Routed, type RouteOptions } from './requests/route-request.js';

export { readBacklog } from './schedule/backlog.js';
export { claimCandidates, releaseCandidateClaims } from './schedule/candidate-tasks.js';
export { recoverLostClaims } from './schedule/lost-claims.js';
export {
  claimPeriodicTasks,
  ensurePeriodicTasks,
  finishPeriodicTask,
  releasePeriodicClaims,
} from './schedule/periodic-tasks.js';
export {
  claimRelayTasks,
  failRelayTask,
  finishRelayTask,
  hastenRelayTask,
  releaseRelayClaims,
} from './schedule/relay-tasks.js';

export { defineStage, type RunningStage, type Stage, type StageDefinition, type StartedHandlers } from './stage.js';

export { settleAudit, writeAudit, type AuditEntry } from './audit/audit-log.js';
export { countRelays, type RelayCount } from './reads/count-relays.js';
export { listChecks, type CheckFilter, type CheckPosition, type CheckRow } from './reads/list-checks.js';
export { listCoverage, type CoverageItem, type CoveragePosition } from './reads/list-coverage.js';
export {
  FAILURE_STATES,
  listFailures,
  readFailure,
  settleFailure,
  settleFailureOf,
  type FailureRow,
  type FailureState,
} from './reads/list-failures.js';
export {
  listRelays,
  RELAY_SORTS,
  type ListedRelay,
  type RelayFilter,
  type RelayListOptions,
  type RelayPosition,
  type RelayRow,
  type RelaySort,
} from './reads/list-relays.js';
export {
  queryEvents,
  readEvent,
  readHolders,
  type ArchivedEvent,
  type EventHolder,
  type EventPageOptions,
  type EventPosition,
  type EventQuery,
} from './reads/query-events.js';
export {
  countEventsOf,
  readRelayFacts,
  readRelayRow,
  readUptime,
  type RelayFact,
  type UptimeWindow,
} from './reads/relay-page.js';
export {
  askToCancel,
  cancelJobRequest,
  cancelUnqueuedRequest,
  isJobShared,
  reopenJobRequest,
} from './requests/cancel-request.js';
export { createHttpMetrics, type HttpMetrics } from './metrics/http-metrics.js';
export { lookUpJob, type FoundJob } from './queue/job-lookup.js';
