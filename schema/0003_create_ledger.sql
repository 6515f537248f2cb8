-- Internal: what makes the daemon's life restartable. Not part of the stable names.

CREATE TABLE fleet.inbound_batches (
  seq bigint NOT NULL,
  session text NOT NULL CHECK (session IN ('reports', 'commands')),
  committed_at timestamptz NOT NULL,
  digests bytea NOT NULL,
  PRIMARY KEY (seq, session)
) WITH (autovacuum_vacuum_scale_factor = 0.05);

-- Digests do not compress.
ALTER TABLE fleet.inbound_batches ALTER COLUMN digests SET STORAGE EXTERNAL;

COMMENT ON TABLE fleet.inbound_batches IS
  'digests (16 bytes each) of the messages of the last few minutes, acknowledged after this commit';

CREATE TABLE fleet.ledger (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  last_batch_seq bigint NOT NULL DEFAULT 0,
  next_job_id bigint NOT NULL DEFAULT 1,
  next_command_id bigint NOT NULL DEFAULT 1,
  next_event_id bigint NOT NULL DEFAULT 1,
  next_task_id bigint NOT NULL DEFAULT 1,
  next_report_seq bigint NOT NULL DEFAULT 1,
  hold text
) WITH (fillfactor = 10);

INSERT INTO fleet.ledger DEFAULT VALUES;

COMMENT ON TABLE fleet.ledger IS 'one row: high-water marks of the ids, and the fleet''s hold';
COMMENT ON COLUMN fleet.ledger.last_batch_seq IS
  'the batch committed last: tells whether a COMMIT in doubt was done';
COMMENT ON COLUMN fleet.ledger.hold IS 'the reason, while the fleet is on hold';
