-- Rows that are old are deleted (bridge/store/retention.h). Old is what is older than so many days on
-- which the daemon ran: a clock that jumps ahead by years is one more such day, and deletes nothing.
CREATE TABLE fleet.retention_days (
  day date PRIMARY KEY
);

COMMENT ON TABLE fleet.retention_days IS 'internal: days (UTC) on which the daemon ran';

-- A database that is older than this table: days whose partition was made, but for those ahead.
INSERT INTO fleet.retention_days (day)
  SELECT to_date(right(c.relname, 8), 'YYYYMMDD')
  FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'fleet.report_log'::regclass AND c.relname ~ '^report_log_[0-9]{8}$'
    AND to_date(right(c.relname, 8), 'YYYYMMDD') <= current_date;

-- As before, and: one that is there already is as good as a new one (the worker and its maintenance
-- may make the same at the same time), and one that was on its way out (detached, not dropped) is
-- attached again, because somebody has rows of its day.
CREATE OR REPLACE FUNCTION fleet.add_partition(parent text, day date) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  partition_name text := parent || to_char(day, '_YYYYMMDD');
  known regclass;
BEGIN
  IF parent IS NULL OR day IS NULL OR parent NOT IN ('report_log', 'telemetry') THEN
    RAISE EXCEPTION 'fleet.% has no daily partitions', parent
      USING ERRCODE = 'wrong_object_type';
  END IF;
  PERFORM pg_advisory_xact_lock(1886546028, 3);
  known := to_regclass(format('fleet.%I', partition_name));
  IF known IS NOT NULL AND (SELECT relispartition FROM pg_class WHERE oid = known) THEN
    IF EXISTS (SELECT 1 FROM pg_inherits WHERE inhrelid = known AND inhdetachpending) THEN
      RAISE EXCEPTION 'fleet.% is being detached', partition_name
        USING ERRCODE = 'lock_not_available';
    END IF;
    RETURN;
  END IF;
  -- Stand-alone, then attached: that asks only for a lock that readers and writers can live with.
  IF known IS NULL THEN
    EXECUTE format('CREATE TABLE fleet.%I (LIKE fleet.%I INCLUDING ALL)', partition_name, parent);
  ELSE
    EXECUTE format('COMMENT ON TABLE fleet.%I IS NULL', partition_name);
  END IF;
  EXECUTE format('ALTER TABLE fleet.%I ATTACH PARTITION fleet.%I FOR VALUES FROM (%L) TO (%L)',
                 parent, partition_name, to_char(day, 'YYYY-MM-DD "00:00:00+00"'),
                 to_char(day + 1, 'YYYY-MM-DD "00:00:00+00"'));
END
$$;

-- Where the daemon has no connection of the owner's, its own role cannot detach concurrently: then this
-- does it in one transaction. It asks for a lock that writers feel; the caller sets a short
-- lock_timeout, and tries again another time.
CREATE FUNCTION fleet.drop_partition(parent text, day date) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  partition_name text := parent || to_char(day, '_YYYYMMDD');
BEGIN
  IF parent IS NULL OR day IS NULL OR parent NOT IN ('report_log', 'telemetry')
     OR day > current_date - 2 THEN
    RAISE EXCEPTION 'fleet.% of % is not to be dropped', parent, day
      USING ERRCODE = 'wrong_object_type';
  END IF;
  EXECUTE format('ALTER TABLE fleet.%I DETACH PARTITION fleet.%I', parent, partition_name);
  EXECUTE format('DROP TABLE fleet.%I', partition_name);
END
$$;

REVOKE ALL ON FUNCTION fleet.drop_partition(text, date) FROM PUBLIC;

COMMENT ON FUNCTION fleet.drop_partition(text, date) IS
  'drops the partition of report_log or telemetry for one day (UTC) that is over';

-- What is deleted is found by its age, and what refers to it by its key. Each of these tables has a few
-- rows a day: an index more costs nothing that anybody feels.
CREATE INDEX notifications_by_created_at ON fleet.notifications (created_at);
CREATE INDEX downloads_by_artifact ON fleet.downloads (artifact_id);

COMMENT ON TABLE fleet.telemetry IS
  'readings over time: when one leaves its dead band (store.telemetry_dead_band_c), and at least every '
  'store.telemetry_interval_ms';
