// Sessions: what the managed broker's log has said of its clients lately, for printer.diagnose and
// for what a refused connection may mean. Of this process: nothing of it is stored. Bounded: known
// printers are kept, strangers make room for each other. Pure; loop thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "core/broker_note.h"

namespace printfleet::core {

class Sessions {
 public:
  static constexpr size_t kStrangersMax = 1000;
  static constexpr size_t kAttemptsMax = 8;       // of a client
  static constexpr size_t kDeniedTopicsMax = 16;  // of a client
  static constexpr size_t kRefusalsMax = 64;      // of all
  static constexpr size_t kAddressesMax = 20'000;

  struct Attempt {
    WallTime at;
    std::string address;
    std::string user;
    std::string protocol;
    int keep_alive_s = 0;
    std::optional<WallTime> ended_at;
    printer::OfflineReason ended = printer::OfflineReason::kNone;
  };

  struct Client {
    std::deque<Attempt> attempts;           // that became a session; oldest first
    std::map<std::string, int64_t> denied;  // publishes refused, by topic
    int64_t replaced = 0;                   // how often another connection took its id
  };

  struct Refusal {
    WallTime at;
    std::string address;  // "" where it is not known
    printer::OfflineReason reason = printer::OfflineReason::kNone;
    std::string detail;
  };

  // `known`: its client id is a printer's.
  void Record(const BrokerNote& note, bool known, const Instant& now);

  // nullptr for one that was not seen (or forgotten).
  [[nodiscard]] const Client* Find(const std::string& client_id) const;

  // Oldest first.
  [[nodiscard]] const std::deque<Refusal>& refusals() const { return refusals_; }

  // The only client that was ever seen at this address; "" for none and for several.
  [[nodiscard]] std::string SoleClientAt(const std::string& address) const;

  void Learn(const std::string& client_id, const std::string& address);

  [[nodiscard]] uint64_t denied_total() const { return denied_total_; }

  // Connections refused, by OfflineReason's name.
  [[nodiscard]] const std::map<std::string, uint64_t>& refused_total() const {
    return refused_total_;
  }

  [[nodiscard]] size_t strangers() const { return strangers_.size(); }

 private:
  Client& ClientOf(const std::string& client_id, bool known);

  std::unordered_map<std::string, Client> printers_;
  std::unordered_map<std::string, Client> strangers_;
  std::deque<std::string> strangers_in_order_;              // as they came
  std::unordered_map<std::string, std::string> client_at_;  // "" for several
  std::deque<Refusal> refusals_;
  uint64_t denied_total_ = 0;
  std::map<std::string, uint64_t> refused_total_;
};

}  // namespace printfleet::core
