// Turn: what one call of a handler works on. Lives on the handler's stack.
#pragma once

#include <functional>

#include "fleet/handle.h"

namespace printfleet::fleet {

struct Turn {
  World& world;
  const Rules& rules;
  const Instant& now;
  Output& output;
};

// What printer's Apply functions ask for, and what that refers to. Outlives no Turn.
class PrinterContext {
 public:
  explicit PrinterContext(Turn& turn)
      : policy_(printer::PolicyOf(turn.rules.settings.fleet)),
        next_job_id_([&world = turn.world] { return JobId{world.ledger.Mutable().next_job_id++}; }),
        context_{turn.now, policy_, turn.rules.error_codes, false, turn.world.live, next_job_id_} {}

  ~PrinterContext() = default;
  PrinterContext(const PrinterContext&) = delete;
  PrinterContext& operator=(const PrinterContext&) = delete;

  [[nodiscard]] const printer::Context& get() const { return context_; }

 private:
  printer::Policy policy_;
  std::function<JobId()> next_job_id_;
  printer::Context context_;
};

}  // namespace printfleet::fleet
