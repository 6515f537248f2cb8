#include "fleet/world.h"

namespace printfleet::fleet {

void World::Merge() {
  printers.Merge();
  commands.Merge();
  executions.Merge();
  open_commands.Merge();
  requests.Merge();
  msgids.Merge();
  artifacts.Merge();
  ledger.Merge();
}

void World::Drop() {
  printers.Drop();
  commands.Drop();
  executions.Drop();
  open_commands.Drop();
  requests.Drop();
  msgids.Drop();
  artifacts.Drop();
  ledger.Drop();
}

}  // namespace printfleet::fleet
