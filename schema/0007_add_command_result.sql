-- The same request again gets the first one's answer, also when the memory has forgotten it.
ALTER TABLE fleet.commands ADD COLUMN result json;

COMMENT ON COLUMN fleet.commands.result IS
  'the answer of a command to the fleet or to its registry; NULL of commands to printers';
