-- Reports that waited on the daemon's disk (the spool) while the database was away are stored with the
-- mark of how far they reach, in the same transaction: after a crash none is taken twice.
ALTER TABLE fleet.ledger ADD COLUMN spool text;
ALTER TABLE fleet.ledger ADD COLUMN spool_through bigint NOT NULL DEFAULT 0;

COMMENT ON COLUMN fleet.ledger.spool IS 'the identity of the spool whose entries were stored last';
COMMENT ON COLUMN fleet.ledger.spool_through IS 'everything in it up to this id is stored';
