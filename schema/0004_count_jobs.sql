-- Metrics count a job once, when nothing can change its outcome any more; a restart must not forget
-- that it was done. What ended before this column was counted at its end.
ALTER TABLE fleet.jobs ADD COLUMN counted boolean NOT NULL DEFAULT true;
ALTER TABLE fleet.jobs ALTER COLUMN counted SET DEFAULT false;
UPDATE fleet.jobs SET counted = false WHERE outcome IS NULL;

COMMENT ON COLUMN fleet.jobs.counted IS 'its outcome is in the metrics; never counted again';
