-- As before, and: what is looked for by printer and time is hardly ever the same twice. To look for
-- duplicates in a full index page costs a tenth of a report's insertion and frees nothing. Said of each
-- new partition, because an index of a partitioned table takes no options afterwards; the days that are
-- there already keep theirs.
CREATE OR REPLACE FUNCTION fleet.add_partition(parent text, day date) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  partition_name text := parent || to_char(day, '_YYYYMMDD');
  known regclass;
  by_printer regclass;
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
    FOR by_printer IN SELECT indexrelid FROM pg_index
      WHERE indrelid = to_regclass(format('fleet.%I', partition_name)) AND NOT indisunique
    LOOP
      EXECUTE format('ALTER INDEX %s SET (deduplicate_items = off)', by_printer);
    END LOOP;
  ELSE
    EXECUTE format('COMMENT ON TABLE fleet.%I IS NULL', partition_name);
  END IF;
  EXECUTE format('ALTER TABLE fleet.%I ATTACH PARTITION fleet.%I FOR VALUES FROM (%L) TO (%L)',
                 parent, partition_name, to_char(day, 'YYYY-MM-DD "00:00:00+00"'),
                 to_char(day + 1, 'YYYY-MM-DD "00:00:00+00"'));
END
$$;
