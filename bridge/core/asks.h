// Asks: our own questions to printers (version, status, job, files), one of each kind a printer,
// paced.
// Questions are harmless to repeat and to lose, so they live in memory only. Loop thread only.
#pragma once

#include <deque>
#include <optional>
#include <unordered_map>

#include "base/ids.h"
#include "base/time.h"
#include "printer/apply.h"

namespace printfleet::core {

class Asks {
 public:
  explicit Asks(int per_second) : per_second_(per_second) {}

  // `urgent`: somebody waits for the answer; it goes before the others.
  void Add(const PrinterId& printer, const printer::Questions& questions, bool urgent);

  struct Ask {
    PrinterId printer;
    printer::Questions questions;
  };

  // The next one that may go out at `now`; nullopt while pacing or empty.
  std::optional<Ask> Take(MonoTime now);

  // When Take has something again; nullopt when empty.
  [[nodiscard]] std::optional<MonoTime> Next() const;

  [[nodiscard]] size_t size() const { return queue_.size(); }

 private:
  int per_second_;
  std::deque<PrinterId> queue_;
  std::unordered_map<PrinterId, printer::Questions> questions_;
  MonoTime next_;
};

}  // namespace printfleet::core
