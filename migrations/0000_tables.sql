-- Facts. Times that are facts are bigint unix seconds; times that schedule are timestamptz, so that one clock, the
-- database's, decides what is due and which lease has run out.

CREATE TABLE schema_versions (
  version integer PRIMARY KEY,
  -- The oldest code version (libs/core/src/db/schema-version.ts) that may work on this schema.
  tolerates integer NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
);
--> statement-breakpoint
CREATE TABLE relays (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  url text NOT NULL UNIQUE CHECK (octet_length(url) <= 2048),
  network text NOT NULL CHECK (network IN ('clearnet', 'tor', 'i2p', 'loki', 'local')),
  discovered_at bigint NOT NULL,
  status text NOT NULL DEFAULT 'online' CHECK (
    status IN ('online', 'auth', 'restricted', 'insecure', 'degraded', 'not_nostr', 'redirected', 'dns', 'unreachable', 'dead')
  ),
  reason text,
  since bigint,
  last_seen_at bigint
);
--> statement-breakpoint
CREATE TABLE candidates (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  url text NOT NULL UNIQUE CHECK (octet_length(url) <= 2048),
  network text NOT NULL CHECK (network IN ('clearnet', 'tor', 'i2p', 'loki', 'local')),
  host text NOT NULL,
  registrable_domain text,
  discovered_at bigint NOT NULL,
  sources integer NOT NULL DEFAULT 0,
  failures integer NOT NULL DEFAULT 0,
  reason text,
  exhausted boolean NOT NULL DEFAULT false,
  -- A candidate carries its own schedule: one row less for each of the many that never become relays.
  next_due_at timestamptz NOT NULL DEFAULT now(),
  claimed_at timestamptz,
  claims integer NOT NULL DEFAULT 0
);
--> statement-breakpoint
CREATE INDEX candidates_due ON candidates (network, next_due_at) WHERE NOT exhausted;
--> statement-breakpoint
CREATE INDEX candidates_domain ON candidates (registrable_domain);
--> statement-breakpoint
-- Keyed by URL, because where a URL was found outlives its time as a candidate.
CREATE TABLE candidate_sources (
  url text NOT NULL CHECK (octet_length(url) <= 2048),
  source text NOT NULL,
  found_at bigint NOT NULL,
  PRIMARY KEY (url, source)
);
--> statement-breakpoint
CREATE TABLE events (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  created_at bigint NOT NULL,
  -- Marks. Expired means expires_at <= now; reads decide, so that no sweep has to touch the row.
  expires_at bigint,
  deleted_at bigint,
  kind integer NOT NULL,
  id bytea NOT NULL UNIQUE CHECK (octet_length(id) = 32),
  pubkey bytea NOT NULL CHECK (octet_length(pubkey) = 32),
  sig bytea NOT NULL CHECK (octet_length(sig) = 64),
  tags jsonb,
  tagvalues text[],
  content text,
  -- The event as JSON, only where text cannot hold it (U+0000).
  raw bytea
);
--> statement-breakpoint
CREATE INDEX events_created_at ON events (created_at, seq);
--> statement-breakpoint
CREATE INDEX events_kind_created_at ON events (kind, created_at);
--> statement-breakpoint
CREATE INDEX events_pubkey_kind_created_at ON events (pubkey, kind, created_at);
--> statement-breakpoint
CREATE INDEX events_tagvalues ON events USING gin (tagvalues);
--> statement-breakpoint
CREATE INDEX events_expires_at ON events (expires_at) WHERE expires_at IS NOT NULL;
--> statement-breakpoint
-- Provenance: the largest table. The key serves "what this relay holds, by time" (negentropy's local set), the index
-- "which relays hold this event". No foreign keys: the only writers are the functions in 0001, which resolve both ends.
CREATE TABLE event_seen (
  event_seq bigint NOT NULL,
  created_at bigint NOT NULL,
  seen_at bigint NOT NULL,
  relay_id integer NOT NULL,
  PRIMARY KEY (relay_id, created_at, event_seq)
);
--> statement-breakpoint
CREATE INDEX event_seen_event ON event_seen (event_seq);
--> statement-breakpoint
CREATE TABLE events_declined (
  relay_id integer NOT NULL,
  created_at bigint NOT NULL,
  event_id bytea NOT NULL CHECK (octet_length(event_id) = 32),
  reason text NOT NULL,
  declined_at bigint NOT NULL,
  PRIMARY KEY (relay_id, created_at, event_id)
);
--> statement-breakpoint
CREATE TABLE metadata (
  id bytea NOT NULL CHECK (octet_length(id) = 32),
  type text NOT NULL CHECK (
    type IN ('nip11_info', 'nip66_rtt', 'nip66_ssl', 'nip66_geo', 'nip66_net', 'nip66_dns', 'nip66_http')
  ),
  data jsonb NOT NULL,
  raw bytea,
  PRIMARY KEY (id, type)
);
--> statement-breakpoint
CREATE TABLE relay_checks (
  relay_id integer NOT NULL REFERENCES relays (id) ON DELETE CASCADE,
  generated_at bigint NOT NULL,
  metadata_type text NOT NULL,
  metadata_id bytea,
  success boolean NOT NULL,
  reason text,
  duration_ms integer,
  PRIMARY KEY (relay_id, generated_at, metadata_type)
) PARTITION BY RANGE (generated_at);
--> statement-breakpoint
CREATE INDEX relay_checks_metadata ON relay_checks (metadata_id, metadata_type);
--> statement-breakpoint
CREATE TABLE relay_checks_other PARTITION OF relay_checks DEFAULT;
--> statement-breakpoint
CREATE TABLE service_data (
  service_name text NOT NULL,
  data_type text NOT NULL CHECK (data_type IN ('cursor', 'checkpoint', 'state')),
  data_key text NOT NULL,
  data jsonb NOT NULL DEFAULT '{}',
  updated_at bigint NOT NULL,
  PRIMARY KEY (service_name, data_type, data_key)
);
--> statement-breakpoint
-- The schedule of known relays. Claiming pushes next_due_at forward; there is no separate lease column to scan.
CREATE TABLE relay_tasks (
  stage text NOT NULL,
  relay_id integer NOT NULL REFERENCES relays (id) ON DELETE CASCADE,
  network text NOT NULL,
  next_due_at timestamptz NOT NULL DEFAULT now(),
  claimed_at timestamptz,
  finished_at timestamptz,
  claims integer NOT NULL DEFAULT 0,
  failures integer NOT NULL DEFAULT 0,
  disabled boolean NOT NULL DEFAULT false,
  PRIMARY KEY (stage, relay_id)
);
--> statement-breakpoint
CREATE INDEX relay_tasks_due ON relay_tasks (stage, network, next_due_at) WHERE NOT disabled;
--> statement-breakpoint
-- The schedule of what belongs to no relay: sources to read, maintenance to do.
CREATE TABLE periodic_tasks (
  stage text NOT NULL,
  key text NOT NULL,
  next_due_at timestamptz NOT NULL DEFAULT now(),
  claimed_at timestamptz,
  finished_at timestamptz,
  claims integer NOT NULL DEFAULT 0,
  failures integer NOT NULL DEFAULT 0,
  PRIMARY KEY (stage, key)
);
--> statement-breakpoint
CREATE TABLE sync_coverage (
  relay_id integer NOT NULL REFERENCES relays (id) ON DELETE CASCADE,
  filter_key text NOT NULL,
  since bigint NOT NULL,
  until bigint NOT NULL,
  method text NOT NULL CHECK (method IN ('page', 'negentropy', 'count')),
  status text NOT NULL CHECK (status IN ('complete', 'partial', 'saturated', 'unpageable')),
  reason text,
  events bigint NOT NULL DEFAULT 0,
  verified_at bigint NOT NULL,
  PRIMARY KEY (relay_id, filter_key, since),
  CHECK (since <= until)
);
--> statement-breakpoint
-- key is `relay:<id>` or `host:<host>:<port>`; slot counts the connections that the key allows. A row outlives its
-- holder, so that the epoch only ever rises.
CREATE TABLE leases (
  key text NOT NULL,
  slot smallint NOT NULL DEFAULT 0,
  holder text,
  epoch bigint NOT NULL DEFAULT 0,
  expires_at timestamptz,
  -- Two clocks: politeness (the next moment a request is due) and back-off (the relay asked us to wait).
  pace_until timestamptz,
  backoff_until timestamptz,
  PRIMARY KEY (key, slot)
);
--> statement-breakpoint
CREATE TABLE mentions (
  raw text PRIMARY KEY CHECK (octet_length(raw) <= 2048),
  source text NOT NULL,
  found_at bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE job_requests (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  kind text NOT NULL,
  payload jsonb NOT NULL,
  status text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'done', 'failed', 'cancelled')),
  idempotency_key text UNIQUE,
  body_hash bytea,
  -- The queue and deduplication key of the job that answers: several requests may wait for one job.
  queue text,
  job_key text,
  result text,
  error text,
  cancel_requested boolean NOT NULL DEFAULT false,
  requested_by text,
  enqueued_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  finished_at timestamptz
);
--> statement-breakpoint
CREATE INDEX job_requests_open ON job_requests (queue, job_key) WHERE status IN ('queued', 'running');
--> statement-breakpoint
CREATE INDEX job_requests_created_at ON job_requests (created_at, id);
--> statement-breakpoint
CREATE TABLE job_failures (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  queue text NOT NULL,
  job_id text NOT NULL,
  data jsonb NOT NULL,
  reason text NOT NULL,
  stack text,
  attempts integer NOT NULL DEFAULT 0,
  stalled integer NOT NULL DEFAULT 0,
  first_at timestamptz NOT NULL DEFAULT now(),
  last_at timestamptz NOT NULL DEFAULT now(),
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'redriven', 'discarded')),
  UNIQUE (queue, job_id)
);
--> statement-breakpoint
CREATE TABLE audit_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  actor text NOT NULL,
  action text NOT NULL,
  target text NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}'
);
--> statement-breakpoint
CREATE VIEW events_relays AS
  SELECT e.id AS event_id, r.url AS relay_url, s.seen_at
  FROM event_seen s
  JOIN events e ON e.seq = s.event_seq
  JOIN relays r ON r.id = s.relay_id;
--> statement-breakpoint
CREATE VIEW relay_metadata AS
  SELECT r.url AS relay_url, c.relay_id, c.generated_at, c.metadata_type, c.metadata_id, c.success, c.reason, c.duration_ms
  FROM relay_checks c
  JOIN relays r ON r.id = c.relay_id;
