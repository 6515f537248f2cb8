-- Messages to people (settings section `notify`), from their first event until they are sent or given
-- up. Written with the events that caused them; the target's address is in no table.
CREATE TABLE fleet.notifications (
  notification_id bigint PRIMARY KEY,
  target text NOT NULL,
  state text NOT NULL CHECK (state IN ('open', 'queued', 'sent', 'failed')),
  created_at timestamptz NOT NULL,
  closed_at timestamptz,
  due_at timestamptz,
  attempts integer NOT NULL DEFAULT 0,
  sent_at timestamptz,
  last_error text,
  body jsonb NOT NULL
);

-- What a daemon that starts takes up again, and what an operator looks for: few of many.
CREATE INDEX notifications_pending ON fleet.notifications (notification_id)
  WHERE state IN ('open', 'queued');

COMMENT ON TABLE fleet.notifications IS 'one row for each message to a target of notify';
COMMENT ON COLUMN fleet.notifications.target IS 'the name of the target in the configuration';
COMMENT ON COLUMN fleet.notifications.state IS
  'open: events may still join it; queued: waits for an attempt or its end; failed: given up';
COMMENT ON COLUMN fleet.notifications.closed_at IS 'when nothing could join it any more';
COMMENT ON COLUMN fleet.notifications.due_at IS
  'open: when it is closed; queued: when it is tried next';
COMMENT ON COLUMN fleet.notifications.last_error IS 'of the last attempt that failed';
COMMENT ON COLUMN fleet.notifications.body IS
  'what the template json sends: title, items with printer, job and layer, outage';

ALTER TABLE fleet.ledger ADD COLUMN next_notification_id bigint NOT NULL DEFAULT 1;
