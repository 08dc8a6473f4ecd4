-- Uptime by the hour and by the day, kept as checks come in, so that a long window costs few rows and outlives the raw
-- checks. A check of the connection is one of type nip66_rtt.

CREATE TABLE relay_uptime_hours (
  relay_id integer NOT NULL REFERENCES relays (id) ON DELETE CASCADE,
  starts_at bigint NOT NULL,
  checks integer NOT NULL,
  passed integer NOT NULL,
  -- Sum over the checks that passed, milliseconds.
  open_ms bigint NOT NULL,
  PRIMARY KEY (relay_id, starts_at)
);
--> statement-breakpoint
CREATE TABLE relay_uptime_days (
  relay_id integer NOT NULL REFERENCES relays (id) ON DELETE CASCADE,
  starts_at bigint NOT NULL,
  checks integer NOT NULL,
  passed integer NOT NULL,
  open_ms bigint NOT NULL,
  PRIMARY KEY (relay_id, starts_at)
);
--> statement-breakpoint
CREATE OR REPLACE FUNCTION relay_metadata_insert(
  p_relay_urls text[], p_metadata_ids bytea[], p_metadata_types text[], p_generated_ats bigint[],
  p_successes boolean[] DEFAULT NULL, p_reasons text[] DEFAULT NULL, p_durations_ms integer[] DEFAULT NULL
) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE n integer; missing text;
BEGIN
  SELECT CASE WHEN r.id IS NULL THEN 'relay ' || i.url ELSE 'metadata ' || encode(i.metadata_id, 'hex') END INTO missing
  FROM unnest(p_relay_urls, p_metadata_ids, p_metadata_types) AS i(url, metadata_id, type)
  LEFT JOIN relays r ON r.url = i.url
  LEFT JOIN metadata m ON m.id = i.metadata_id AND m.type = i.type
  WHERE r.id IS NULL OR (i.metadata_id IS NOT NULL AND m.id IS NULL)
  LIMIT 1;
  IF missing IS NOT NULL THEN
    RAISE foreign_key_violation USING MESSAGE = 'check of what is not stored: ' || missing;
  END IF;

  WITH stored AS (
    INSERT INTO relay_checks (relay_id, generated_at, metadata_type, metadata_id, success, reason, duration_ms)
    SELECT DISTINCT ON (r.id, i.generated_at, i.type) r.id, i.generated_at, i.type, i.metadata_id, coalesce(i.success, true), i.reason, i.duration_ms
    FROM unnest(p_relay_urls, p_metadata_ids, p_metadata_types, p_generated_ats, p_successes, p_reasons, p_durations_ms)
      AS i(url, metadata_id, type, generated_at, success, reason, duration_ms)
    JOIN relays r ON r.url = i.url
    ORDER BY r.id, i.generated_at, i.type
    ON CONFLICT DO NOTHING
    RETURNING relay_id, generated_at, metadata_type, metadata_id, success
  ), opened AS (
    -- Only rows that are new: what is stored again is not counted again.
    SELECT s.relay_id, s.generated_at, s.success, CASE WHEN s.success THEN coalesce((m.data ->> 'rtt_open')::bigint, 0) ELSE 0 END AS ms
    FROM stored s LEFT JOIN metadata m ON m.id = s.metadata_id AND m.type = s.metadata_type
    WHERE s.metadata_type = 'nip66_rtt'
  ), hours AS (
    INSERT INTO relay_uptime_hours AS u (relay_id, starts_at, checks, passed, open_ms)
    SELECT relay_id, generated_at - generated_at % 3600, count(*), count(*) FILTER (WHERE success), sum(ms)
    FROM opened GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (relay_id, starts_at) DO UPDATE
      SET checks = u.checks + excluded.checks, passed = u.passed + excluded.passed, open_ms = u.open_ms + excluded.open_ms
  ), days AS (
    INSERT INTO relay_uptime_days AS u (relay_id, starts_at, checks, passed, open_ms)
    SELECT relay_id, generated_at - generated_at % 86400, count(*), count(*) FILTER (WHERE success), sum(ms)
    FROM opened GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (relay_id, starts_at) DO UPDATE
      SET checks = u.checks + excluded.checks, passed = u.passed + excluded.passed, open_ms = u.open_ms + excluded.open_ms
  )
  SELECT count(*) INTO n FROM stored;
  RETURN n;
END $$;
--> statement-breakpoint
INSERT INTO relay_uptime_hours (relay_id, starts_at, checks, passed, open_ms)
SELECT c.relay_id, c.generated_at - c.generated_at % 3600, count(*), count(*) FILTER (WHERE c.success),
  coalesce(sum((m.data ->> 'rtt_open')::bigint) FILTER (WHERE c.success), 0)
FROM relay_checks c LEFT JOIN metadata m ON m.id = c.metadata_id AND m.type = c.metadata_type
WHERE c.metadata_type = 'nip66_rtt' GROUP BY 1, 2;
--> statement-breakpoint
INSERT INTO relay_uptime_days (relay_id, starts_at, checks, passed, open_ms)
SELECT relay_id, starts_at - starts_at % 86400, sum(checks), sum(passed), sum(open_ms) FROM relay_uptime_hours GROUP BY 1, 2;
--> statement-breakpoint
INSERT INTO schema_versions (version, tolerates) VALUES (2, 1);
