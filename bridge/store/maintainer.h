// The maintenance of the database (maintenance.h) on a thread and a connection of its own: soon
// after the start, then each store.maintenance_interval; and, while the disk is nearly full, what
// it takes to make room. Its connection lives as long as a pass.
//
// Threads: all methods are the loop's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "settings/settings.h"
#include "store/maintenance.h"

namespace printfleet::store {

struct MaintainerConfig {
  std::string conninfo;  // of the owner of the tables where it is ours to use, else the daemon's
  std::string instance;
  milliseconds connect_timeout{5000};
  seconds remember{0};  // commands.remember
  settings::Store store;
};

class Maintainer {
 public:
  explicit Maintainer(MaintainerConfig config);
  // Breaks off what is under way, joins.
  ~Maintainer();
  Maintainer(const Maintainer&) = delete;
  Maintainer& operator=(const Maintainer&) = delete;

  void Start();

  // Nothing is done while the database is not known to be ours and migrated.
  void SetAllowed(bool allowed);
  // Whether partitions are to go before their time, one after the other.
  void SetDropHistory(bool drop);

  // What was done since the last call.
  [[nodiscard]] std::vector<MaintenanceReport> TakeReports();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace printfleet::store
