// The sender: one thread that speaks HTTP with the targets of `notify`, all at the same time, so
// that one that hangs holds up nobody. libcurl stays inside notify/*.cc.
//
// Threads: all methods are the loop's. Every Notify that was taken (true) is answered by exactly
// one core::Notified, at the latest a little after its target's timeout.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "core/event.h"
#include "settings/notify.h"

namespace printfleet::notify {

// A target with its secrets, which appear in no log and no answer.
struct Address {
  std::string target;  // its name
  std::string url;
  settings::NotifyTemplate form = settings::NotifyTemplate::kJson;
  std::vector<std::string> headers;  // "Name: value"
  milliseconds timeout{10000};       // of one attempt, all in all
};

class Sender {
 public:
  explicit Sender(std::vector<Address> addresses);
  // Breaks off what is under way, unanswered; joins.
  ~Sender();
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  // False when kWaitingMax attempts wait already.
  [[nodiscard]] bool Send(core::Notify attempt);

  [[nodiscard]] int event_fd() const;
  [[nodiscard]] std::vector<core::Notified> TakeEvents();

  static constexpr size_t kWaitingMax = 256;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The lines of a headers_file. kInvalid names the line, and not what stands in it.
Result<std::vector<std::string>> ParseHeaders(const std::string& text);

// What an HTTP status means for a message: ok, permanent, or neither (later may work).
core::Notified Verdict(long status, seconds retry_after);

}  // namespace printfleet::notify
