-- The library: files to print (and later firmware) that the bridge hands to printers itself.

CREATE TABLE fleet.artifacts (
  artifact_id bigint PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('gcode', 'firmware')),
  name text NOT NULL,
  sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  md5 text NOT NULL CHECK (md5 ~ '^[0-9a-f]{32}$'),
  size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
  slicer text,
  model text,
  model_id text,
  estimated_s bigint,
  material text,
  filament_mm double precision,
  filament_g double precision,
  layers bigint,
  thumbnail_type text,
  added_by text NOT NULL,
  added_at timestamptz NOT NULL,
  removed_at timestamptz
);

CREATE UNIQUE INDEX artifacts_name ON fleet.artifacts (name) WHERE removed_at IS NULL;
CREATE INDEX artifacts_sha256 ON fleet.artifacts (sha256);

COMMENT ON TABLE fleet.artifacts IS 'files of the library; the bytes lie in data_dir/library';
COMMENT ON COLUMN fleet.artifacts.sha256 IS 'what the file is; the same under two names is two rows';
COMMENT ON COLUMN fleet.artifacts.md5 IS 'what the printer compares';
COMMENT ON COLUMN fleet.artifacts.model IS 'the printer''s name in the slicer; NULL: the file does not say';
COMMENT ON COLUMN fleet.artifacts.model_id IS 'the model of ours that this is; NULL: none of models.yaml';
COMMENT ON COLUMN fleet.artifacts.estimated_s IS 'seconds, by the slicer, as everything from slicer to layers';
COMMENT ON COLUMN fleet.artifacts.removed_at IS 'removed, or another file took its name';

CREATE TABLE fleet.downloads (
  command_id bigint NOT NULL,
  printer_id text NOT NULL,
  attempt integer NOT NULL,
  artifact_id bigint NOT NULL REFERENCES fleet.artifacts,
  offered_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  first_byte_at timestamptz,
  last_byte_at timestamptz,
  bytes_sent bigint,
  PRIMARY KEY (command_id, printer_id, attempt)
) WITH (fillfactor = 80);

COMMENT ON TABLE fleet.downloads IS 'each time a printer was told to fetch a file of the library';
COMMENT ON COLUMN fleet.downloads.expires_at IS 'until then its address is good';
COMMENT ON COLUMN fleet.downloads.first_byte_at IS 'NULL: the printer never asked for it';
COMMENT ON COLUMN fleet.downloads.last_byte_at IS 'the whole file was sent, over however many requests';
COMMENT ON COLUMN fleet.downloads.bytes_sent IS 'parts that were sent again count again';

ALTER TABLE fleet.ledger ADD COLUMN next_artifact_id bigint NOT NULL DEFAULT 1;
