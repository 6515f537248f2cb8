// Published: the one place where the loop leaves, for the HTTP threads, how it is (each second),
// and the latest Snapshot (when somebody asks: to read ten thousand printers costs the loop some
// milliseconds).
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/event_fd.h"
#include "metrics/snapshot.h"

namespace printfleet::metrics {

struct Condition {
  std::string trouble = "starting";        // why the bridge is not ready, "" when it is
  std::vector<std::string> warnings = {};  // what is wrong without that
};

class Published {
 public:
  using Clock = std::chrono::steady_clock;

  // A snapshot younger than this is as good as a new one: a crowd that asks costs one a second.
  static constexpr std::chrono::milliseconds kFresh{1000};
  // How long a page waits for a loop that is busy before it shows what there is.
  static constexpr std::chrono::milliseconds kPatience{250};

  // -- The loop --

  void SetCondition(Condition condition);
  void Set(std::shared_ptr<const Snapshot> snapshot);

  // Readable when a snapshot is asked for.
  [[nodiscard]] int wanted_fd() const { return wanted_.fd(); }

  // It has been heard. Before Set.
  void ClearWanted() { wanted_.Clear(); }

  // -- Any other thread --

  [[nodiscard]] Condition condition() const;

  // The latest; asks for a new one where it is not fresh, and waits for it. nullptr where there was
  // none in kPatience, ever.
  [[nodiscard]] std::shared_ptr<const Snapshot> Get();

 private:
  EventFd wanted_;
  mutable std::mutex mutex_;  // of all below
  std::condition_variable set_;
  Condition condition_;
  std::shared_ptr<const Snapshot> snapshot_;
  Clock::time_point set_at_;
  uint64_t count_ = 0;
};

}  // namespace printfleet::metrics
