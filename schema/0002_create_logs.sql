-- The two logs, in daily partitions (UTC) that the daemon creates and attaches. No DEFAULT
-- partition: it would have to be scanned at every ATTACH.

CREATE TABLE fleet.report_log (
  seq bigint NOT NULL,
  printer_id text NOT NULL,
  received_at timestamptz NOT NULL,
  reported_at timestamptz,
  type text NOT NULL,
  action text,
  state text,
  code bigint,
  msgid text,
  payload text,
  payload_raw bytea,
  PRIMARY KEY (seq, received_at)
) PARTITION BY RANGE (received_at);

-- msgid has no index on purpose: random keys would cost every insert more than all else, and a
-- search by msgid knows its printer or its day.
CREATE INDEX report_log_by_printer ON fleet.report_log (printer_id, received_at);

COMMENT ON TABLE fleet.report_log IS 'one row for every distinct report of a printer';
COMMENT ON COLUMN fleet.report_log.seq IS 'increasing in the order of arrival over the farm';
COMMENT ON COLUMN fleet.report_log.received_at IS 'our clock; the partition key';
COMMENT ON COLUMN fleet.report_log.reported_at IS 'the printer''s clock, where plausible';
COMMENT ON COLUMN fleet.report_log.payload IS
  'as received (text); NULL by store.payloads, or when it stands in payload_raw';
COMMENT ON COLUMN fleet.report_log.payload_raw IS 'the bytes, where they are no clean UTF-8';

CREATE TABLE fleet.telemetry (
  printer_id text NOT NULL,
  at timestamptz NOT NULL,
  nozzle_temp_c double precision,
  nozzle_target_c double precision,
  bed_temp_c double precision,
  bed_target_c double precision,
  fan_ratio double precision,
  print_speed_mode text,
  z_offset_mm double precision,
  progress_ratio double precision
) PARTITION BY RANGE (at);

CREATE INDEX telemetry_by_printer ON fleet.telemetry (printer_id, at);

COMMENT ON TABLE fleet.telemetry IS
  'readings over time: at every change, and at least every fleet.telemetry_interval';
COMMENT ON COLUMN fleet.telemetry.nozzle_temp_c IS 'degrees Celsius, as every *_c';
COMMENT ON COLUMN fleet.telemetry.fan_ratio IS '0 to 1, as every *_ratio';
COMMENT ON COLUMN fleet.telemetry.z_offset_mm IS 'millimetres';
