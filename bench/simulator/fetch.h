// Downloads for all printers on a small pool of threads, so that the loop never waits: the body is
// hashed, not kept. Submit, Cancel and Drain are for the loop thread; results come through
// event_fd().
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bench/simulator/printer.h"

namespace printfleet::simulator {

struct FetchOptions {
  int threads = 4;
  std::int64_t bytes_per_s_max = 0;  // per download; 0: no limit
  std::int64_t timeout_s = 1800;
  std::string ca_file;  // empty: the system's
};

struct FetchEvent {
  std::size_t printer = 0;
  std::uint64_t token = 0;
  bool done = false;
  int percent = 0;                        // when not done
  FetchResult result = FetchResult::kOk;  // when done
  std::int64_t bytes = 0;                 // when done
  std::string message;                    // when it failed
};

class FetchPool {
 public:
  explicit FetchPool(FetchOptions options);
  // Gives up what is running and waits for the threads.
  ~FetchPool();
  FetchPool(const FetchPool&) = delete;
  FetchPool& operator=(const FetchPool&) = delete;
  FetchPool(FetchPool&&) = delete;
  FetchPool& operator=(FetchPool&&) = delete;

  // One download of this printer; its end is always reported, also when it is cancelled.
  void Submit(std::size_t printer, const FetchOrder& order);
  void Cancel(std::size_t printer, std::uint64_t token);

  // Readable when Drain has something.
  [[nodiscard]] int event_fd() const { return event_fd_; }

  std::vector<FetchEvent> Drain();

  // Descriptors it may use at once.
  static std::size_t DescriptorsFor(int threads) {
    return static_cast<std::size_t>(threads) * 4 + 1;
  }

 private:
  struct Task {
    std::size_t printer = 0;
    FetchOrder order;
    std::atomic<bool> cancelled = false;
  };
  struct Transfer;

  void Run();
  void Download(Task& task);
  void Post(FetchEvent event);
  static std::size_t OnBody(char* data, std::size_t size, std::size_t count, void* user);

  FetchOptions options_;
  int event_fd_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;                       // by mutex_
  std::deque<std::shared_ptr<Task>> waiting_;   // by mutex_
  std::vector<std::shared_ptr<Task>> running_;  // by mutex_
  std::vector<FetchEvent> events_;              // by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace printfleet::simulator
