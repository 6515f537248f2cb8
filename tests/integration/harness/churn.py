"""What a running farm does to the rows that are updated all the time, as store/write_statements.cc does
it: one transaction a batch, many batches; and what that has done to the tables."""

SETUP = """
INSERT INTO fleet.jobs (job_id, printer_id, source, state, started_at)
  SELECT row_number() OVER (), printer_id, 'panel', 'printing', '2026-01-01' FROM fleet.printers;
INSERT INTO fleet.commands (command_id, author, command, state, body_digest, reply_stream, created_at,
                            deadline_at)
  VALUES (1, 'local', 'print.pause', 'accepted', '', true, '2026-01-01', '2026-01-02');
PREPARE statuses(int) AS
  INSERT INTO fleet.printer_status (printer_id, online, state, state_since, nozzle_temp_c, bed_temp_c,
                                    fan_ratio, print_speed_mode, progress_ratio, job_id, received_at)
  SELECT printer_id, true, 'printing', '2026-01-01', 210 + $1 % 7 * 0.1, 60.0, 1.0, 'standard',
         $1 % 1000 / 1000.0, 1, timestamptz '2026-01-01' + $1 * interval '1 second' FROM fleet.printers
  ON CONFLICT (printer_id) DO UPDATE SET
    online = EXCLUDED.online, state = EXCLUDED.state, state_since = EXCLUDED.state_since,
    nozzle_temp_c = EXCLUDED.nozzle_temp_c, bed_temp_c = EXCLUDED.bed_temp_c,
    fan_ratio = EXCLUDED.fan_ratio, print_speed_mode = EXCLUDED.print_speed_mode,
    progress_ratio = EXCLUDED.progress_ratio, job_id = EXCLUDED.job_id, received_at = EXCLUDED.received_at;
PREPARE jobs(int) AS
  UPDATE fleet.jobs SET progress_ratio = $1 % 1000 / 1000.0, layer = $1, elapsed_s = $1
  WHERE job_id % 20 = $1 % 20;
PREPARE executions(int) AS
  INSERT INTO fleet.command_executions (command_id, printer_id, state, attempts)
  SELECT 1, printer_id, CASE $1 % 3 WHEN 0 THEN 'sent' WHEN 1 THEN 'acknowledged' ELSE 'succeeded' END, $1
  FROM fleet.printers WHERE hashtext(printer_id) % 20 = $1 % 20
  ON CONFLICT (command_id, printer_id) DO UPDATE SET state = EXCLUDED.state, attempts = EXCLUDED.attempts;
PREPARE batches(int) AS
  INSERT INTO fleet.inbound_batches VALUES
    ($1, 'reports', '2026-01-01', decode(repeat(md5($1::text), 200), 'hex')),
    ($1, 'commands', '2026-01-01', decode(md5($1::text), 'hex'));
PREPARE prune(int) AS DELETE FROM fleet.inbound_batches WHERE seq < $1 - 200;
PREPARE ledger(int) AS
  UPDATE fleet.ledger SET last_batch_seq = $1, next_report_seq = next_report_seq + 1000;
"""

BATCH = "BEGIN; {}; COMMIT".format("; ".join(
    f"EXECUTE {name}({{0}})" for name in ("statuses", "jobs", "executions", "batches", "prune", "ledger")))

TABLES = ("printer_status", "jobs", "command_executions", "ledger", "inbound_batches")

SIZES = """
SELECT c.relname AS name, pg_relation_size(c.oid) AS bytes, pg_indexes_size(c.oid) AS index_bytes,
       coalesce(pg_relation_size(nullif(c.reltoastrelid, 0)), 0) AS toast_bytes
FROM pg_class c WHERE c.relnamespace = 'fleet'::regnamespace AND c.relname = ANY (%s)"""

UPDATES = """
SELECT relname AS name, n_tup_upd AS updates, n_tup_hot_upd AS hot, n_dead_tup AS dead,
       autovacuum_count AS autovacuums
FROM pg_stat_user_tables WHERE schemaname = 'fleet' AND relname = ANY (%s)"""


def run(database, first, last):
    """Batches `first` to `last`, a transaction each."""
    for number in range(first, last + 1):
        database.rows(BATCH.format(number))


def look(database):
    """{table: {updates, hot, dead, autovacuums, bytes, index_bytes, toast_bytes}}"""
    found = {row.pop("name"): row for row in database.rows(UPDATES, list(TABLES))}
    for row in database.rows(SIZES, list(TABLES)):
        found[row.pop("name")].update(row)
    return found
