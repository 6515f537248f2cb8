#include "metrics/published.h"

namespace printfleet::metrics {

void Published::SetCondition(Condition condition) {
  const std::lock_guard lock(mutex_);
  condition_ = std::move(condition);
}

void Published::Set(std::shared_ptr<const Snapshot> snapshot) {
  {
    const std::lock_guard lock(mutex_);
    snapshot_.swap(snapshot);  // the old one is freed after the lock, unless somebody reads it
    set_at_ = Clock::now();
    ++count_;
  }
  set_.notify_all();
}

Condition Published::condition() const {
  const std::lock_guard lock(mutex_);
  return condition_;
}

std::shared_ptr<const Snapshot> Published::Get() {
  std::unique_lock lock(mutex_);
  if (snapshot_ == nullptr || Clock::now() - set_at_ >= kFresh) {
    wanted_.Signal();
    set_.wait_for(lock, kPatience, [this, before = count_] { return count_ != before; });
  }
  return snapshot_;
}

}  // namespace printfleet::metrics
