// The gates: may this request be sent to this printer now? The safety rules are here and nowhere
// else. Stops pass all of them. Pure.
#pragma once

#include <optional>
#include <string>

#include "fleet/handle.h"

namespace printfleet::fleet {

struct Gate {
  SkipReason reason = SkipReason::kNone;  // kNone: it may
  std::string message;                    // what stands in the way, "" where the reason says it

  [[nodiscard]] bool open() const { return reason == SkipReason::kNone; }
};

// `self` is the command that asks, 0 before it has an id: its own execution is no obstacle.
// `ignore_presence`: for on_offline=wait, whether the rest would let it pass.
struct GateQuestion {
  const Request& request;
  const printer::Printer& printer;
  CommandId self;
  bool ignore_presence = false;
};

Gate CheckGates(const World& world, const Rules& rules, const GateQuestion& question);

// Start, OTA, or heat that is switched on: the printer must have answered a query just now.
bool NeedsFresh(const Request& request);

// Sets a printer going that stands: a start, a resume, heat that is switched on. What a stop
// withdraws where it is not sent yet, and what heats.
bool SetsGoing(const Request& request);

// Starts and OTA exclude each other at one printer.
bool IsExclusive(const CommandSpec& spec);

// What no printer can change: limits of the matched models, commands for one printer only,
// missing confirmations. Refuses the whole request.
std::optional<Rejection> CheckRequest(const World& world, const Rules& rules,
                                      const Request& request,
                                      const std::vector<PrinterId>& printers);

}  // namespace printfleet::fleet
