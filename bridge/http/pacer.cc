#include "http/pacer.h"

#include <algorithm>

namespace printfleet::http {

SteadyTime Pacer::Reserve(int64_t bytes, SteadyTime now) {
  if (rate_ == 0) {
    return now;
  }
  const SteadyTime start = std::max(next_, now);
  const std::chrono::duration<double> lasts(static_cast<double>(bytes) /
                                            static_cast<double>(rate_));
  next_ = start + std::chrono::duration_cast<SteadyTime::duration>(lasts);
  return start;
}

bool Brake::Wait(Pacer& own, int64_t bytes) {
  std::unique_lock lock(mutex_);
  const SteadyTime now = std::chrono::steady_clock::now();
  const SteadyTime when = std::max(own.Reserve(bytes, now), all_.Reserve(bytes, now));
  return !stopped_.wait_until(lock, when, [this] { return stopping_; });
}

void Brake::Stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  stopped_.notify_all();
}

}  // namespace printfleet::http
