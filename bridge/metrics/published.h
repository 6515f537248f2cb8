// Published: the one place where the loop leaves the latest Snapshot for the HTTP threads.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "metrics/snapshot.h"

namespace printfleet::metrics {

// Any thread.
class Published {
 public:
  void Set(std::shared_ptr<const Snapshot> snapshot) {
    const std::lock_guard lock(mutex_);
    snapshot_.swap(snapshot);  // the old one is freed after the lock, unless somebody reads it
  }

  // nullptr before the first Set.
  [[nodiscard]] std::shared_ptr<const Snapshot> Get() const {
    const std::lock_guard lock(mutex_);
    return snapshot_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Snapshot> snapshot_;
};

}  // namespace printfleet::metrics
