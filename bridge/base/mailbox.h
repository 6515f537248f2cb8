// Mailbox<T>: how one thread hands values to another. The only queue between threads.
//
// Any thread posts; one thread takes, woken by the eventfd `fd()`. Bounded: Post refuses when
// `capacity` values wait, and the poster decides what that means.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/event_fd.h"

namespace printfleet {

template <typename T>
class Mailbox {
 public:
  explicit Mailbox(size_t capacity) : capacity_(capacity) {}

  // False when full or closed; the value is then untouched.
  [[nodiscard]] bool Post(T&& value) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_ || queue_.size() >= capacity_) {
        return false;
      }
      queue_.push_back(std::move(value));
    }
    ready_.notify_one();
    event_fd_.Signal();
    return true;
  }

  // All that waits, in order; never blocks. For a thread that polls fd().
  std::vector<T> TakeAll() {
    event_fd_.Clear();
    const std::lock_guard lock(mutex_);
    std::vector<T> values(std::make_move_iterator(queue_.begin()),
                          std::make_move_iterator(queue_.end()));
    queue_.clear();
    return values;
  }

  // The next value, waiting for it; nullopt once closed and empty. For a thread of its own.
  std::optional<T> Wait() {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return closed_ || !queue_.empty(); });
    if (queue_.empty()) {
      return std::nullopt;
    }
    T value = std::move(queue_.front());
    queue_.pop_front();
    return value;
  }

  void Close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    ready_.notify_all();
    event_fd_.Signal();
  }

  [[nodiscard]] size_t size() const {
    const std::lock_guard lock(mutex_);
    return queue_.size();
  }

  [[nodiscard]] int fd() const { return event_fd_.fd(); }

 private:
  const size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<T> queue_;
  bool closed_ = false;
  EventFd event_fd_;
};

}  // namespace printfleet
