// Deadlines: when which entity has something to do. Entities know their own next moment; this
// only remembers whom to ask again, and when. Pure; loop thread only.
#pragma once

#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "fleet/command.h"

namespace printfleet::core {

// A printer (command_id 0), a command (printer_id "") or an execution (both).
using DueKey = fleet::ExecutionKey;

class Deadlines {
 public:
  // Ask `key` again at `due`. Later than what is scheduled for it: ignored (asked in between, it
  // says so and is scheduled anew).
  void Schedule(const DueKey& key, MonoTime due);

  [[nodiscard]] std::optional<MonoTime> Next() const;

  // Takes those due at `now`, at most `max`. Each must be scheduled again if it still has a moment.
  std::vector<DueKey> TakeDue(MonoTime now, size_t max);

 private:
  // One entry a key: a printer that is heard ten times a second must not leave ten moments behind.
  std::set<std::pair<MonoTime, DueKey>> queue_;
  std::unordered_map<DueKey, MonoTime> scheduled_;
};

}  // namespace printfleet::core
