-- A new mainboard is a new printer id: printer.replace retires the old one and says who follows it.
ALTER TABLE fleet.printers ADD COLUMN replaced_by text REFERENCES fleet.printers;

COMMENT ON COLUMN fleet.printers.replaced_by IS
  'of a retired printer: the one that took its name and place';
COMMENT ON COLUMN fleet.printers.first_seen_at IS 'first heard, or registered before that';
COMMENT ON COLUMN fleet.printers.last_seen_at IS 'NULL: registered, never heard';
