-- The daemon works as a role that owns nothing (bridge/store/roles.cc), and only the owner of a table
-- may attach a partition to it. This function runs as its owner and makes exactly those partitions.
CREATE FUNCTION fleet.add_partition(parent text, day date) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  partition_name text := parent || to_char(day, '_YYYYMMDD');
BEGIN
  IF parent IS NULL OR day IS NULL OR parent NOT IN ('report_log', 'telemetry') THEN
    RAISE EXCEPTION 'fleet.% has no daily partitions', parent
      USING ERRCODE = 'wrong_object_type';
  END IF;
  -- Stand-alone, then attached: that asks only for a lock that readers and writers can live with.
  EXECUTE format('CREATE TABLE fleet.%I (LIKE fleet.%I INCLUDING ALL)', partition_name, parent);
  EXECUTE format('ALTER TABLE fleet.%I ATTACH PARTITION fleet.%I FOR VALUES FROM (%L) TO (%L)',
                 parent, partition_name, to_char(day, 'YYYY-MM-DD "00:00:00+00"'),
                 to_char(day + 1, 'YYYY-MM-DD "00:00:00+00"'));
END
$$;

REVOKE ALL ON FUNCTION fleet.add_partition(text, date) FROM PUBLIC;

COMMENT ON FUNCTION fleet.add_partition(text, date) IS
  'makes the partition of report_log or telemetry for one day (UTC)';
COMMENT ON TABLE fleet.audit_log IS
  'who asked for what and the answer; append-only: the daemon''s role may INSERT and SELECT; secret '
  'arguments are "***"';
