// Pacer: when the next bytes may go, so that they keep to a rate. Brake: waits, until all is over.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace printfleet::http {

using SteadyTime = std::chrono::steady_clock::time_point;

// Bytes wait for the time that those before them take. Nothing is saved up: after a pause no burst
// follows. Not thread-safe.
class Pacer {
 public:
  // 0: as fast as may be.
  explicit Pacer(int64_t bytes_per_second_max) : rate_(bytes_per_second_max) {}

  // When these bytes may go.
  SteadyTime Reserve(int64_t bytes, SteadyTime now);

 private:
  int64_t rate_;
  SteadyTime next_{};
};

// Of one server; thread-safe.
class Brake {
 public:
  explicit Brake(int64_t bytes_per_second_max) : all_(bytes_per_second_max) {}

  // Waits until `bytes` of a stream may go, by its own pace and by that of all. False: all is over.
  bool Wait(Pacer& own, int64_t bytes);

  // From now on nobody waits.
  void Stop();

 private:
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  Pacer all_;
};

}  // namespace printfleet::http
