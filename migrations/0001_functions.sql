-- Bulk writes: array parameters, one statement a batch. Every insert is ordered by its key, because two sessions that
-- insert the same keys in different orders deadlock on each other.

CREATE FUNCTION tags_to_tagvalues(tags jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  -- Long values stay in tags: an index entry has a size limit and a long value is never looked up.
  SELECT coalesce(array_agg((t ->> 0) || ':' || (t ->> 1)) FILTER (
           WHERE jsonb_typeof(t) = 'array' AND char_length(t ->> 0) = 1 AND octet_length(t ->> 1) <= 1024
         ), '{}')
  FROM jsonb_array_elements(tags) t
$$;
--> statement-breakpoint
CREATE FUNCTION relays_insert(p_urls text[], p_networks text[], p_discovered_ats bigint[]) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE n integer;
BEGIN
  INSERT INTO relays (url, network, discovered_at)
  SELECT DISTINCT ON (url) url, network, discovered_at
  FROM unnest(p_urls, p_networks, p_discovered_ats) AS i(url, network, discovered_at)
  ORDER BY url, discovered_at
  ON CONFLICT (url) DO NOTHING;
  GET DIAGNOSTICS n = ROW_COUNT;
  RETURN n;
END $$;
--> statement-breakpoint
-- Stores events and answers with the sequence number of every id given, known or new: what provenance needs.
-- Two statements on purpose: the second takes a new snapshot and so sees rows that another session committed meanwhile.
CREATE FUNCTION events_put(
  p_ids bytea[], p_pubkeys bytea[], p_created_ats bigint[], p_kinds integer[], p_tags jsonb[], p_contents text[],
  p_sigs bytea[], p_expires_ats bigint[] DEFAULT NULL, p_raws bytea[] DEFAULT NULL
) RETURNS TABLE (event_id bytea, event_seq bigint, inserted boolean)
LANGUAGE plpgsql AS $$
DECLARE v_ids bytea[]; v_seqs bigint[];
BEGIN
  WITH stored AS (
    INSERT INTO events (id, pubkey, created_at, kind, tags, tagvalues, content, sig, expires_at, raw)
    SELECT DISTINCT ON (i.id) i.id, i.pubkey, i.created_at, i.kind, i.tags, tags_to_tagvalues(i.tags), i.content, i.sig, i.expires_at, i.raw
    FROM unnest(p_ids, p_pubkeys, p_created_ats, p_kinds, p_tags, p_contents, p_sigs, p_expires_ats, p_raws)
      AS i(id, pubkey, created_at, kind, tags, content, sig, expires_at, raw)
    ORDER BY i.id
    ON CONFLICT (id) DO NOTHING
    RETURNING id, seq
  )
  SELECT coalesce(array_agg(id), '{}'), coalesce(array_agg(seq), '{}') INTO v_ids, v_seqs FROM stored;

  RETURN QUERY SELECT n.id, n.seq, true FROM unnest(v_ids, v_seqs) AS n(id, seq);
  IF cardinality(v_ids) < cardinality(p_ids) THEN
    RETURN QUERY
      SELECT e.id, e.seq, false FROM events e LEFT JOIN unnest(v_ids) AS n(id) ON n.id = e.id
      WHERE e.id = ANY (p_ids) AND n.id IS NULL;
  END IF;
END $$;
--> statement-breakpoint
CREATE FUNCTION events_insert(
  p_ids bytea[], p_pubkeys bytea[], p_created_ats bigint[], p_kinds integer[], p_tags jsonb[], p_contents text[], p_sigs bytea[]
) RETURNS integer
LANGUAGE sql AS $$
  SELECT count(*) FILTER (WHERE inserted)::integer FROM events_put(p_ids, p_pubkeys, p_created_ats, p_kinds, p_tags, p_contents, p_sigs)
$$;
--> statement-breakpoint
-- Provenance by sequence number: the ingest path. A pair already known costs a look-up and no write.
CREATE FUNCTION event_seen_put(p_relay_ids integer[], p_created_ats bigint[], p_event_seqs bigint[], p_seen_ats bigint[])
RETURNS TABLE (relay_id integer, event_seq bigint)
LANGUAGE sql AS $$
  INSERT INTO event_seen AS s (relay_id, created_at, event_seq, seen_at)
  SELECT DISTINCT ON (i.relay_id, i.created_at, i.event_seq) i.relay_id, i.created_at, i.event_seq, i.seen_at
  FROM unnest(p_relay_ids, p_created_ats, p_event_seqs, p_seen_ats) AS i(relay_id, created_at, event_seq, seen_at)
  ORDER BY i.relay_id, i.created_at, i.event_seq, i.seen_at
  ON CONFLICT DO NOTHING
  RETURNING s.relay_id, s.event_seq
$$;
--> statement-breakpoint
-- Both ends must exist: an unknown event or relay is a foreign key violation, as if the table had the constraints.
CREATE FUNCTION events_relays_insert(p_event_ids bytea[], p_relay_urls text[], p_seen_ats bigint[]) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE n integer; missing text;
BEGIN
  SELECT coalesce('event ' || encode(i.event_id, 'hex'), 'relay ' || i.relay_url) INTO missing
  FROM unnest(p_event_ids, p_relay_urls) AS i(event_id, relay_url)
  LEFT JOIN events e ON e.id = i.event_id
  LEFT JOIN relays r ON r.url = i.relay_url
  WHERE e.id IS NULL OR r.id IS NULL
  LIMIT 1;
  IF missing IS NOT NULL THEN
    RAISE foreign_key_violation USING MESSAGE = 'provenance of what is not stored: ' || missing;
  END IF;

  SELECT count(*) INTO n FROM event_seen_put(
    (SELECT array_agg(r.id ORDER BY i.ord) FROM unnest(p_relay_urls) WITH ORDINALITY AS i(url, ord) JOIN relays r USING (url)),
    (SELECT array_agg(e.created_at ORDER BY i.ord) FROM unnest(p_event_ids) WITH ORDINALITY AS i(id, ord) JOIN events e USING (id)),
    (SELECT array_agg(e.seq ORDER BY i.ord) FROM unnest(p_event_ids) WITH ORDINALITY AS i(id, ord) JOIN events e USING (id)),
    p_seen_ats);
  RETURN n;
END $$;
--> statement-breakpoint
CREATE FUNCTION events_relays_insert_cascade(
  p_ids bytea[], p_pubkeys bytea[], p_created_ats bigint[], p_kinds integer[], p_tags jsonb[], p_contents text[], p_sigs bytea[],
  p_relay_urls text[], p_networks text[], p_discovered_ats bigint[], p_seen_ats bigint[]
) RETURNS integer
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM relays_insert(p_relay_urls, p_networks, p_discovered_ats);
  PERFORM events_insert(p_ids, p_pubkeys, p_created_ats, p_kinds, p_tags, p_contents, p_sigs);
  RETURN events_relays_insert(p_ids, p_relay_urls, p_seen_ats);
END $$;
--> statement-breakpoint
CREATE FUNCTION metadata_insert(p_ids bytea[], p_types text[], p_data jsonb[], p_raws bytea[] DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE n integer;
BEGIN
  INSERT INTO metadata (id, type, data, raw)
  SELECT DISTINCT ON (i.id, i.type) i.id, i.type, i.data, i.raw
  FROM unnest(p_ids, p_types, p_data, p_raws) AS i(id, type, data, raw)
  ORDER BY i.id, i.type
  ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS n = ROW_COUNT;
  RETURN n;
END $$;
--> statement-breakpoint
-- A successful check names a stored document; a failed one names none.
CREATE FUNCTION relay_metadata_insert(
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

  INSERT INTO relay_checks (relay_id, generated_at, metadata_type, metadata_id, success, reason, duration_ms)
  SELECT DISTINCT ON (r.id, i.generated_at, i.type) r.id, i.generated_at, i.type, i.metadata_id, coalesce(i.success, true), i.reason, i.duration_ms
  FROM unnest(p_relay_urls, p_metadata_ids, p_metadata_types, p_generated_ats, p_successes, p_reasons, p_durations_ms)
    AS i(url, metadata_id, type, generated_at, success, reason, duration_ms)
  JOIN relays r ON r.url = i.url
  ORDER BY r.id, i.generated_at, i.type
  ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS n = ROW_COUNT;
  RETURN n;
END $$;
--> statement-breakpoint
CREATE FUNCTION relay_metadata_insert_cascade(
  p_relay_urls text[], p_networks text[], p_discovered_ats bigint[],
  p_metadata_ids bytea[], p_data jsonb[], p_metadata_types text[], p_generated_ats bigint[]
) RETURNS integer
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM relays_insert(p_relay_urls, p_networks, p_discovered_ats);
  PERFORM metadata_insert(p_metadata_ids, p_metadata_types, p_data);
  RETURN relay_metadata_insert(p_relay_urls, p_metadata_ids, p_metadata_types, p_generated_ats);
END $$;
--> statement-breakpoint
CREATE FUNCTION service_data_upsert(
  p_service_names text[], p_data_types text[], p_data_keys text[], p_data jsonb[], p_updated_ats bigint[]
) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE n integer;
BEGIN
  INSERT INTO service_data (service_name, data_type, data_key, data, updated_at)
  SELECT DISTINCT ON (i.name, i.type, i.key) i.name, i.type, i.key, i.data, i.updated_at
  FROM unnest(p_service_names, p_data_types, p_data_keys, p_data, p_updated_ats) AS i(name, type, key, data, updated_at)
  ORDER BY i.name, i.type, i.key, i.updated_at DESC
  ON CONFLICT (service_name, data_type, data_key) DO UPDATE SET data = excluded.data, updated_at = excluded.updated_at;
  GET DIAGNOSTICS n = ROW_COUNT;
  RETURN n;
END $$;
--> statement-breakpoint
CREATE FUNCTION service_data_get(p_service_name text, p_data_type text, p_data_key text DEFAULT NULL)
RETURNS TABLE (data_key text, data jsonb, updated_at bigint)
LANGUAGE sql STABLE AS $$
  SELECT s.data_key, s.data, s.updated_at FROM service_data s
  WHERE s.service_name = p_service_name AND s.data_type = p_data_type AND (p_data_key IS NULL OR s.data_key = p_data_key)
  ORDER BY s.updated_at, s.data_key
$$;
--> statement-breakpoint
CREATE FUNCTION service_data_delete(p_service_names text[], p_data_types text[], p_data_keys text[]) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE n integer;
BEGIN
  DELETE FROM service_data s
  USING unnest(p_service_names, p_data_types, p_data_keys) AS i(name, type, key)
  WHERE s.service_name = i.name AND s.data_type = i.type AND s.data_key = i.key;
  GET DIAGNOSTICS n = ROW_COUNT;
  RETURN n;
END $$;
--> statement-breakpoint
-- One bounded step each: the caller loops, so that no transaction grows with the table.
CREATE FUNCTION orphan_events_delete(p_batch integer DEFAULT 10000) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE n integer;
BEGIN
  DELETE FROM events WHERE seq IN (
    SELECT e.seq FROM events e WHERE NOT EXISTS (SELECT 1 FROM event_seen s WHERE s.event_seq = e.seq) ORDER BY e.seq LIMIT p_batch
  );
  GET DIAGNOSTICS n = ROW_COUNT;
  RETURN n;
END $$;
--> statement-breakpoint
CREATE FUNCTION orphan_metadata_delete(p_batch integer DEFAULT 10000) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE n integer;
BEGIN
  DELETE FROM metadata m USING (
    SELECT o.id, o.type FROM metadata o
    WHERE NOT EXISTS (SELECT 1 FROM relay_checks c WHERE c.metadata_id = o.id AND c.metadata_type = o.type)
    ORDER BY o.id, o.type LIMIT p_batch
  ) gone
  WHERE m.id = gone.id AND m.type = gone.type;
  GET DIAGNOSTICS n = ROW_COUNT;
  RETURN n;
END $$;
--> statement-breakpoint
-- Monthly partitions from the current month to p_months ahead. Rows of other times live in the default partition.
CREATE FUNCTION relay_checks_partitions_ensure(p_months integer DEFAULT 3) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  month timestamp; name text; made integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('relay_checks_partitions'));
  FOR month IN SELECT generate_series(date_trunc('month', now() AT TIME ZONE 'UTC'), date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => p_months), interval '1 month') LOOP
    name := 'relay_checks_' || to_char(month, 'YYYYMM');
    IF to_regclass(name) IS NULL THEN
      EXECUTE format('CREATE TABLE %I PARTITION OF relay_checks FOR VALUES FROM (%s) TO (%s)', name,
        extract(epoch FROM month)::bigint, extract(epoch FROM month + interval '1 month')::bigint);
      made := made + 1;
    END IF;
  END LOOP;
  RETURN made;
END $$;
--> statement-breakpoint
SELECT relay_checks_partitions_ensure();
--> statement-breakpoint
-- Candidates: what is known as a relay stays out, what is known as a candidate keeps its failures and its schedule, and
-- every new source is remembered. Returns the ids that are new.
CREATE FUNCTION candidates_put(
  p_urls text[], p_networks text[], p_hosts text[], p_domains text[], p_sources text[], p_found_at bigint
) RETURNS TABLE (candidate_id integer, candidate_network text)
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO candidate_sources (url, source, found_at)
  SELECT DISTINCT i.url, i.source, p_found_at FROM unnest(p_urls, p_sources) AS i(url, source)
  ORDER BY i.url, i.source
  ON CONFLICT DO NOTHING;

  RETURN QUERY
    INSERT INTO candidates AS c (url, network, host, registrable_domain, discovered_at)
    SELECT DISTINCT ON (i.url) i.url, i.network, i.host, i.domain, p_found_at
    FROM unnest(p_urls, p_networks, p_hosts, p_domains) AS i(url, network, host, domain)
    WHERE NOT EXISTS (SELECT 1 FROM relays r WHERE r.url = i.url)
    ORDER BY i.url
    ON CONFLICT (url) DO NOTHING
    RETURNING c.id, c.network;

  UPDATE candidates c SET sources = s.n
  FROM (SELECT url, count(*)::integer AS n FROM candidate_sources WHERE url = ANY (p_urls) GROUP BY url) s
  WHERE c.url = s.url AND c.sources <> s.n;
END $$;
--> statement-breakpoint
-- Takes one slot of every key, all or none, for one holder. Answers with the epoch of the first key, which fences that
-- holder's progress, or with the key that stands in the way and how long to wait.
CREATE FUNCTION leases_take(p_keys text[], p_limits integer[], p_holder text, p_ttl_ms integer)
RETURNS TABLE (epoch bigint, blocked_by text, wait_ms integer)
LANGUAGE plpgsql AS $$
DECLARE
  v_first bigint; v_epoch bigint; v_until timestamptz; v_wait integer; i integer;
BEGIN
  FOR i IN 1 .. cardinality(p_keys) LOOP
    SELECT greatest(l.pace_until, l.backoff_until) INTO v_until FROM leases l WHERE l.key = p_keys[i] AND l.slot = 0;
    IF v_until > now() THEN
      v_wait := ceil(extract(epoch FROM v_until - now()) * 1000);
    ELSE
      UPDATE leases l SET holder = p_holder, epoch = l.epoch + 1, expires_at = now() + make_interval(secs => p_ttl_ms / 1000.0)
      WHERE (l.key, l.slot) = (
        SELECT f.key, f.slot FROM leases f
        WHERE f.key = p_keys[i] AND f.slot < p_limits[i] AND (f.expires_at IS NULL OR f.expires_at <= now())
        ORDER BY f.slot LIMIT 1 FOR UPDATE SKIP LOCKED
      )
      RETURNING l.epoch INTO v_epoch;
      IF NOT FOUND THEN
        -- Slots are made when first wanted; a lost race for one is a full house for this once.
        INSERT INTO leases AS l (key, slot, holder, epoch, expires_at)
        SELECT p_keys[i], n.used, p_holder, 1, now() + make_interval(secs => p_ttl_ms / 1000.0)
        FROM (SELECT count(*)::smallint AS used FROM leases u WHERE u.key = p_keys[i]) n
        WHERE n.used < p_limits[i]
        ON CONFLICT DO NOTHING
        RETURNING l.epoch INTO v_epoch;
      END IF;
      IF v_epoch IS NULL THEN
        -- Holders are mostly done long before their time: worth asking again soon.
        v_wait := 1000;
      END IF;
    END IF;

    IF v_epoch IS NULL THEN
      UPDATE leases l SET holder = NULL, expires_at = NULL WHERE l.key = ANY (p_keys) AND l.holder = p_holder;
      RETURN QUERY SELECT NULL::bigint, p_keys[i], greatest(coalesce(v_wait, 0), 100);
      RETURN;
    END IF;
    v_first := coalesce(v_first, v_epoch);
    v_epoch := NULL;
  END LOOP;
  RETURN QUERY SELECT v_first, NULL::text, 0;
END $$;
--> statement-breakpoint
-- Replaces intervals of coverage, if the caller still holds the lease it worked under. False for a stale holder: nothing
-- moves, nothing fails, and what others commit in the same transaction stands.
CREATE FUNCTION sync_coverage_put(
  p_lease_key text, p_holder text, p_epoch bigint, p_relay_id integer, p_filter_key text, p_deleted bigint[],
  p_sinces bigint[], p_untils bigint[], p_methods text[], p_statuses text[], p_reasons text[], p_events bigint[], p_verified_ats bigint[]
) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  -- The lock makes a taker wait until this transaction is decided.
  PERFORM 1 FROM leases l WHERE l.key = p_lease_key AND l.holder = p_holder AND l.epoch = p_epoch FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  DELETE FROM sync_coverage c WHERE c.relay_id = p_relay_id AND c.filter_key = p_filter_key AND c.since = ANY (p_deleted);
  INSERT INTO sync_coverage (relay_id, filter_key, since, until, method, status, reason, events, verified_at)
  SELECT p_relay_id, p_filter_key, i.since, i.until, i.method, i.status, i.reason, i.events, i.verified_at
  FROM unnest(p_sinces, p_untils, p_methods, p_statuses, p_reasons, p_events, p_verified_ats)
    AS i(since, until, method, status, reason, events, verified_at);
  RETURN true;
END $$;
--> statement-breakpoint
INSERT INTO schema_versions (version, tolerates) VALUES (1, 1);
