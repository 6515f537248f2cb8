// Rig: a Core with a clock of its own and a store in memory from which it can be started again.
// Knows no gtest, so that the fuzz targets drive it too: what must hold of every batch is CHECKed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/core.h"
#include "tests/unit/core/memory_store.h"

namespace printfleet::core::testing {

inline constexpr int64_t kRigStartMs = 1'767'225'600'000;  // 2026-01-01T00:00:00Z

class Rig {
 public:
  // Everybody is admitted; people: "ann" (operator), "vic" (viewer), and `local` as an admin.
  Rig();

  [[nodiscard]] Instant now() const {
    return {FromEpochMs(kRigStartMs + now_ms_), MonoTime(milliseconds(now_ms_))};
  }

  // Both sessions come up and hear heartbeats: what follows is of now.
  void BecomeLive();
  // They are gone, and nothing is heard.
  void LoseLinks();

  // A message as an inbound session hands it over.
  Message Said(Session session, std::string topic, std::string payload);
  // A report on the public topic of a printer.
  Message Report(std::string_view model_id, std::string_view printer_id, std::string_view type,
                 std::string payload);

  // Into the running batch.
  void Step(const Event& event);
  // Ends the batch: its rows are in the store, or it never was.
  Effects Commit();
  void Drop();
  // Lets time pass, with every deadline on its way served in a batch of its own; what those want
  // published is appended to `publishes`. Requires: no batch is running.
  void Pass(milliseconds time, std::vector<Publish>& publishes);
  // A new process that finds what was committed, and what its first batch wants published.
  Effects Restart();

  [[nodiscard]] Core& core() { return *core_; }

  [[nodiscard]] const MemoryStore& store() const { return store_; }

  // What the daemon retains of a printer. Requires: it is known.
  [[nodiscard]] std::string StateDocument(const PrinterId& id) const;

 private:
  void Beat();

  settings::Settings settings_;
  settings::ModelRegistry models_;
  settings::ErrorCodes error_codes_;
  settings::Users users_;
  std::unique_ptr<Core> core_;
  MemoryStore store_;
  int64_t now_ms_ = 1'000'000;
  bool hears_ = false;
  uint64_t reports_ = 0;  // of the running batch
};

}  // namespace printfleet::core::testing
