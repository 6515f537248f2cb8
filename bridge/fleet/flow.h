// Flow: how many printers at once, and how fast one after the other. Stops know no limits. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "fleet/turn.h"

namespace printfleet::fleet {

// Heats, by what it reports: it preheats, or a target is above its reading; or it has just begun
// to work and has not said its temperatures since. Not one that is away.
bool IsHeating(const printer::Printer& printer, const Instant& now);

// Printers of the farm that heat, and those that a message of ours is about to set going.
int64_t HeatingPrinters(const World& world, const Instant& now);

// Executions begun and not ended, over the farm.
int64_t FarmInFlight(const World& world);

// Printers that may heat at once by the request's options and commands.heating_max; nullopt: any.
std::optional<int64_t> HeatingLimit(const Rules& rules, const Request& request);

// The places that a command may fill now. Counted once: lives for one pass over its printers, in
// which nothing but that command begins anything.
class Places {
 public:
  Places(Turn& turn, CommandId id);

  // One more printer may get its turn. When only time can bring the next place, the command's
  // next_turn says when to look again.
  bool Any();

  // It got its turn: a message, or the question before it, goes out.
  void Take();

 private:
  [[nodiscard]] const Command& command() const { return *turn_.world.commands.Find(id_); }

  Turn& turn_;
  CommandId id_;
  bool stop_;
  int64_t others_in_flight_;
  std::optional<int64_t> heating_limit_;
  std::optional<int64_t> heating_;  // counted when first needed
};

// Whether executions wait for a place, or a moment, that next_turn names.
bool WaitsForTurn(const Command& command);

}  // namespace printfleet::fleet
