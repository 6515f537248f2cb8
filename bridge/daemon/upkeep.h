// What keeps the store and its disk in shape: hands the free space to core::Shedding, what that
// says to core, worker and maintenance, and counts for the metrics what maintenance reports. Also
// the reserve, a file that is given up when the daemon ends on a full disk. Loop thread only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "core/core.h"
#include "core/shedding.h"
#include "metrics/snapshot.h"
#include "settings/settings.h"
#include "store/maintainer.h"
#include "store/worker.h"

namespace printfleet::daemon {

class Upkeep {
 public:
  Upkeep(const settings::Settings& settings, store::MaintainerConfig maintainer);

  // `store_connected`: the database is ours and migrated.
  void EverySecond(core::Core& core, store::Worker& worker, bool store_connected);

  // Frees the reserve where the disk is nearly full: for the last writes of all.
  void MakeRoomToEnd();

  [[nodiscard]] const metrics::Maintenance& maintenance() const { return counted_; }

  // By the steps' names.
  [[nodiscard]] std::map<std::string, bool> shedding() const;
  // What is given up just now, for people; "" when nothing is.
  [[nodiscard]] std::string warning() const;

 private:
  void WatchDisk(core::Core& core, store::Worker& worker);
  void KeepReserve(int64_t free_bytes);
  void Count();

  const settings::Settings& settings_;
  core::Shedding shedding_;
  store::Maintainer maintainer_;
  metrics::Maintenance counted_;
  bool was_connected_ = false;
  std::optional<bool> reserved_;
};

}  // namespace printfleet::daemon
