-- What is asked of jobs by when they ended (the manual's and dashboards' questions), and of events by
-- printer (event.list). A job's row gets its new index entry once, when it ends: all updates before that
-- stay HOT. Events are few beside reports, which keep their two indexes.
CREATE INDEX jobs_by_ended_at ON fleet.jobs (ended_at);
CREATE INDEX events_by_printer ON fleet.events (printer_id, event_id);
