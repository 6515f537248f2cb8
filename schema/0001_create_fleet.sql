-- Schema `fleet`: printers, what they said and did, commands, and what the operator may look up.
-- One writer: the daemon (`printfleet serve`). Every id is given by it, none by a sequence.
-- Closed words carry a CHECK; units stand in the names; times are UTC (timestamptz).
-- JSON columns are `json`, not `jsonb`: they keep what was said byte for byte; cast to query.

-- Times as the fleet's JSON documents have them: 2026-01-01T00:00:00.000Z.
CREATE FUNCTION fleet.iso8601(at timestamptz) RETURNS text
  LANGUAGE sql STABLE PARALLEL SAFE STRICT
  AS $$ SELECT to_char($1 AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') $$;

CREATE FUNCTION fleet.epoch_ms(at timestamptz) RETURNS bigint
  LANGUAGE sql STABLE PARALLEL SAFE STRICT
  AS $$ SELECT round(extract(epoch FROM $1) * 1000)::bigint $$;

COMMENT ON FUNCTION fleet.iso8601(timestamptz) IS 'the time as text, UTC, milliseconds, "Z"';
COMMENT ON FUNCTION fleet.epoch_ms(timestamptz) IS 'milliseconds since 1970-01-01 UTC';

CREATE TABLE fleet.printers (
  printer_id text PRIMARY KEY,
  model_id text NOT NULL,
  model text NOT NULL,
  name text NOT NULL,
  groups text[] NOT NULL DEFAULT '{}',
  labels jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(labels) = 'object'),
  enrolment text NOT NULL CHECK (enrolment IN ('pending', 'enrolled', 'rejected', 'retired')),
  firmware text,
  machine_version text,
  peripheral_version text,
  maintenance text,
  bed text NOT NULL CHECK (bed IN ('unknown', 'clear', 'occupied')),
  topic_form text CHECK (topic_form IN ('short', 'long', 'both')),
  note text,
  last_task_id text,
  first_seen_at timestamptz NOT NULL,
  last_seen_at timestamptz,
  retired_at timestamptz
);

COMMENT ON TABLE fleet.printers IS
  'one row per printer ever heard of; what it is and what the operator decided; retired ones stay';
COMMENT ON COLUMN fleet.printers.model IS 'the registry''s name of model_id, or model_id itself';
COMMENT ON COLUMN fleet.printers.name IS 'unique among the printers that are not retired';
COMMENT ON COLUMN fleet.printers.firmware IS 'NULL until the printer said it, as all its versions';
COMMENT ON COLUMN fleet.printers.maintenance IS 'the reason, while in maintenance';
COMMENT ON COLUMN fleet.printers.topic_form IS 'the operator''s word over the firmware''s';
COMMENT ON COLUMN fleet.printers.last_task_id IS 'the last task the printer reported';

-- One narrow row per printer, updated all the time: room in the page and no index on a changing
-- column, so that every update is HOT.
CREATE TABLE fleet.printer_status (
  printer_id text PRIMARY KEY REFERENCES fleet.printers,
  online boolean NOT NULL,
  offline_reason text,
  address text,
  state text NOT NULL CHECK (state IN (
    'unknown', 'offline', 'idle', 'busy', 'downloading', 'checking', 'preheating', 'leveling',
    'printing', 'pausing', 'paused', 'resuming', 'stopping', 'updating', 'fault')),
  state_since timestamptz NOT NULL,
  nozzle_temp_c double precision,
  nozzle_target_c double precision,
  bed_temp_c double precision,
  bed_target_c double precision,
  fan_ratio double precision,
  print_speed_mode text CHECK (print_speed_mode IN ('silent', 'standard', 'sport')),
  z_offset_mm double precision,
  progress_ratio double precision,
  job_id bigint,
  last_error_code bigint,
  last_error_text text,
  last_error_at timestamptz,
  reported_at timestamptz,
  received_at timestamptz
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

COMMENT ON TABLE fleet.printer_status IS
  'the latest state of each printer, at most about a second old; NULL: the printer has not said it';
COMMENT ON COLUMN fleet.printer_status.nozzle_temp_c IS 'degrees Celsius, as every *_c';
COMMENT ON COLUMN fleet.printer_status.fan_ratio IS '0 to 1, as every *_ratio';
COMMENT ON COLUMN fleet.printer_status.z_offset_mm IS 'millimetres';
COMMENT ON COLUMN fleet.printer_status.reported_at IS 'the printer''s own clock; may be wrong';
COMMENT ON COLUMN fleet.printer_status.received_at IS 'our clock; what to order by';

CREATE TABLE fleet.jobs (
  job_id bigint PRIMARY KEY,
  printer_id text NOT NULL REFERENCES fleet.printers,
  task_id text,
  local_task text,
  filename text,
  filename_raw bytea,
  source text NOT NULL CHECK (source IN ('command', 'panel')),
  artifact_id bigint,
  command_id bigint,
  state text NOT NULL CHECK (state IN (
    'requested', 'downloading', 'checking', 'preheating', 'leveling', 'printing', 'pausing',
    'paused', 'resuming', 'stopping', 'settling', 'ended')),
  outcome text CHECK (outcome IN (
    'finished', 'failed', 'stopped', 'interrupted', 'ended_unknown')),
  started_at timestamptz NOT NULL,
  ended_at timestamptz,
  progress_ratio double precision,
  layer bigint,
  layers bigint,
  elapsed_s double precision,
  remaining_s double precision,
  material_used_mm double precision,
  error_code bigint,
  error_text text,
  slice_params json,
  verdict text CHECK (verdict IN ('good', 'scrap')),
  note text,
  CHECK ((state = 'ended') = (outcome IS NOT NULL))
) WITH (fillfactor = 80);

CREATE INDEX jobs_by_printer ON fleet.jobs (printer_id, job_id);
CREATE INDEX jobs_by_started_at ON fleet.jobs (started_at);
CREATE INDEX jobs_open ON fleet.jobs (printer_id) WHERE outcome IS NULL;

COMMENT ON TABLE fleet.jobs IS 'one row per print, also those started at the printer''s panel';
COMMENT ON COLUMN fleet.jobs.filename IS
  'text; bytes that are no UTF-8 are U+FFFD here and stand in filename_raw as they came';
COMMENT ON COLUMN fleet.jobs.outcome IS 'NULL while the job is open';
COMMENT ON COLUMN fleet.jobs.elapsed_s IS 'seconds printed, as the printer counts them';
COMMENT ON COLUMN fleet.jobs.remaining_s IS 'seconds, the printer''s own estimate';
COMMENT ON COLUMN fleet.jobs.material_used_mm IS 'millimetres of filament';
COMMENT ON COLUMN fleet.jobs.verdict IS 'the operator''s: job.set';

CREATE TABLE fleet.job_events (
  job_id bigint NOT NULL REFERENCES fleet.jobs ON DELETE CASCADE,
  at timestamptz NOT NULL,
  kind text NOT NULL,
  text text
);

CREATE INDEX job_events_by_job ON fleet.job_events (job_id, at);

COMMENT ON TABLE fleet.job_events IS 'the steps of each job; kind is a job state or an outcome';

CREATE TABLE fleet.printer_files (
  printer_id text NOT NULL REFERENCES fleet.printers,
  storage text NOT NULL CHECK (storage IN ('local', 'usb')),
  path text NOT NULL,
  filename text NOT NULL,
  filename_raw bytea,
  size_bytes bigint,
  modified_at timestamptz,
  is_directory boolean NOT NULL,
  listed_at timestamptz NOT NULL
);

CREATE INDEX printer_files_by_printer ON fleet.printer_files (printer_id, storage);

COMMENT ON TABLE fleet.printer_files IS
  'each printer''s own files as last listed; a listing replaces the one before of its path';
COMMENT ON COLUMN fleet.printer_files.filename_raw IS 'the bytes, where they are no UTF-8';

CREATE TABLE fleet.commands (
  command_id bigint PRIMARY KEY,
  author text NOT NULL,
  request_id text,
  command text NOT NULL,
  target json,
  args json,
  options json,
  state text NOT NULL CHECK (state IN ('accepted', 'done', 'rejected')),
  target_hash text,
  body_digest text NOT NULL,
  reply_topic text,
  correlation_data bytea,
  reply_stream boolean NOT NULL,
  created_at timestamptz NOT NULL,
  deadline_at timestamptz NOT NULL,
  finished_at timestamptz,
  UNIQUE (author, request_id)
) WITH (fillfactor = 80);

CREATE INDEX commands_by_created_at ON fleet.commands (created_at);
CREATE INDEX commands_open ON fleet.commands (command_id) WHERE finished_at IS NULL;

COMMENT ON TABLE fleet.commands IS 'one row per request that acts; secret arguments are "***"';
COMMENT ON COLUMN fleet.commands.request_id IS 'the sender''s id; unique per author';
COMMENT ON COLUMN fleet.commands.body_digest IS
  'of the request''s canonical JSON: the same id with another body is a conflict';

CREATE TABLE fleet.command_executions (
  command_id bigint NOT NULL REFERENCES fleet.commands ON DELETE CASCADE,
  printer_id text NOT NULL,
  printer_name text,
  state text NOT NULL CHECK (state IN (
    'queued', 'sent', 'acknowledged', 'succeeded', 'failed', 'timed_out', 'sent_unconfirmed',
    'cancelled', 'expired', 'skipped')),
  skip_reason text CHECK (skip_reason IN (
    'offline', 'pending', 'maintenance', 'hold', 'busy', 'no_job', 'wrong_state', 'wrong_model',
    'bed_not_clear', 'firmware_unknown', 'unsupported', 'limit')),
  task_id text,
  job_id bigint,
  code bigint,
  message text,
  result json,
  attempts integer NOT NULL,
  msgid text,
  sent_at timestamptz,
  finished_at timestamptz,
  PRIMARY KEY (command_id, printer_id)
) WITH (fillfactor = 80);

CREATE INDEX command_executions_by_printer ON fleet.command_executions (printer_id, command_id);

COMMENT ON TABLE fleet.command_executions IS 'what became of each command at each printer';
COMMENT ON COLUMN fleet.command_executions.printer_name IS 'its name when the command was accepted';
COMMENT ON COLUMN fleet.command_executions.attempts IS
  'messages that may have left; 0: nothing was ever sent';
COMMENT ON COLUMN fleet.command_executions.msgid IS 'of the last attempt';

CREATE TABLE fleet.events (
  event_id bigint PRIMARY KEY,
  at timestamptz NOT NULL,
  kind text NOT NULL,
  printer_id text,
  body json
);

CREATE INDEX events_by_at ON fleet.events (at);

COMMENT ON TABLE fleet.events IS 'what fleet/v1/events said, numbered in order';

CREATE TABLE fleet.audit_log (
  at timestamptz NOT NULL,
  author text NOT NULL,
  request_id text,
  command text,
  target json,
  args json,
  outcome text NOT NULL
);

CREATE INDEX audit_log_by_at ON fleet.audit_log (at);

COMMENT ON TABLE fleet.audit_log IS
  'who asked for what and the answer; secret arguments are "***"';

CREATE TABLE fleet.dead_letters (
  received_at timestamptz NOT NULL,
  topic text NOT NULL,
  payload bytea NOT NULL,
  reason text NOT NULL,
  detail text
);

CREATE INDEX dead_letters_by_received_at ON fleet.dead_letters (received_at);

COMMENT ON TABLE fleet.dead_letters IS 'messages that could not be used, cut to a named size';
