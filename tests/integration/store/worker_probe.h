// A Worker on a database of its own, and the waiting for its events.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "cluster.h"
#include "store/migrate.h"
#include "store/worker.h"

namespace printfleet::store {

constexpr const char* kInstance = "test";
constexpr int kPolls = 600;  // of 100 ms

class WorkerProbe {
 public:
  explicit WorkerProbe(std::string database, const std::string& instance = kInstance);

  // Starts and waits until it is connected; CHECKs it.
  Connected Start(bool load = false);

  // The next event of this kind; events of other kinds that came before it are dropped. nullopt
  // after a minute without.
  template <typename Wanted>
  std::optional<Wanted> Wait() {
    for (int poll = 0; poll < kPolls; ++poll) {
      Take();
      while (!events_.empty()) {
        Event event = std::move(events_.front());
        events_.pop_front();
        if (Wanted* wanted = std::get_if<Wanted>(&event)) {
          return std::move(*wanted);
        }
      }
      pollfd descriptor{.fd = worker_->event_fd(), .events = POLLIN, .revents = 0};
      ::poll(&descriptor, 1, 100);
    }
    return std::nullopt;
  }

  // Commits and waits: "committed", "refused", "not_stored" or "in_doubt".
  std::string Commit(Batch batch);
  // The next answer to a Commit, as above.
  std::string WaitForCommit();

  void Destroy() { worker_.reset(); }

  Worker& worker() { return *worker_; }

  [[nodiscard]] const std::string& database() const { return database_; }

  // The message of the last failure that Commit saw.
  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  void Take();

  std::string database_;
  std::unique_ptr<Worker> worker_;
  std::deque<Event> events_;
  std::string failure_;
};

}  // namespace printfleet::store
