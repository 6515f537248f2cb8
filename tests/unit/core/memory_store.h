// MemoryStore: what PostgreSQL would keep of the rows that were committed, and load again. Knows no
// gtest, so that the fuzz targets and the simulation use it too.
#pragma once

#include <map>
#include <string>

#include "core/effect.h"
#include "core/loaded.h"

namespace printfleet::core::testing {

// CHECKs what must hold of every batch: rows that PostgreSQL takes, messages that a broker takes.
void CheckEffects(const Effects& effects);

// What the store would load of the rows that were committed.
class MemoryStore {
 public:
  void Write(const Rows& rows);
  [[nodiscard]] Loaded Load() const;

  [[nodiscard]] const std::map<int64_t, printer::Job>& jobs() const { return jobs_; }

  [[nodiscard]] const std::map<PrinterId, LoadedPrinter>& printers() const { return printers_; }

  [[nodiscard]] const std::map<int64_t, CommandRow>& commands() const { return commands_; }

  [[nodiscard]] const std::map<fleet::ExecutionKey, fleet::Execution>& executions() const {
    return executions_;
  }

  [[nodiscard]] const std::map<int64_t, NotificationRow>& notifications() const {
    return notifications_;
  }

  [[nodiscard]] const fleet::Ledger& ledger() const { return ledger_; }

 private:
  std::map<PrinterId, LoadedPrinter> printers_;
  std::map<int64_t, printer::Job> jobs_;
  std::map<int64_t, CommandRow> commands_;
  std::map<fleet::ExecutionKey, fleet::Execution> executions_;
  std::map<int64_t, NotificationRow> notifications_;
  fleet::Ledger ledger_;
};

}  // namespace printfleet::core::testing
