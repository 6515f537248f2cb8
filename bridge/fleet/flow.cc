#include "fleet/flow.h"

#include <algorithm>

#include "fleet/gates.h"
#include "fleet/stop.h"
#include "printer/state.h"

namespace printfleet::fleet {
namespace {

// A reading this far below its target draws full power (Kobra 2 firmware holds within 1 or 2).
constexpr double kHeatingBandC = 5.0;
// Temperatures are reported every few seconds; until then a printer that began to work counts.
constexpr seconds kFirstReadings{15};
constexpr milliseconds kHeatingCheck{1000};

bool IsBelow(const std::optional<double>& temp, const std::optional<double>& target) {
  return target && *target > 0 && temp && *target - *temp > kHeatingBandC;
}

bool BeganToWork(const printer::Printer& printer, const Instant& now) {
  using enum printer::State;
  const printer::State state = printer.work_state;
  const bool works = state == kDownloading || state == kChecking || state == kLeveling ||
                     state == kPrinting || state == kResuming;
  return works && now.wall - printer.state_since < kFirstReadings;
}

bool IsSetGoing(const World& world, const PrinterId& id, const std::vector<CommandId>& open) {
  return std::ranges::any_of(open, [&](CommandId command_id) {
    const Command* command = world.commands.Find(command_id);
    const Execution* execution = world.executions.Find({command_id, id});
    return command != nullptr && execution != nullptr && execution->started &&
           SetsGoing(command->request);
  });
}

}  // namespace

bool IsHeating(const printer::Printer& printer, const Instant& now) {
  if (!printer::IsThere(printer)) {
    return false;
  }
  const printer::Readings& readings = printer.readings;
  return printer.work_state == printer::State::kPreheating || BeganToWork(printer, now) ||
         IsBelow(readings.nozzle_temp_c, readings.nozzle_target_c) ||
         IsBelow(readings.bed_temp_c, readings.bed_target_c);
}

int64_t HeatingPrinters(const World& world, const Instant& now) {
  int64_t count = 0;
  world.printers.ForEach([&](const PrinterId& id, const printer::Printer& printer) {
    const auto* open = world.open_commands.Find(id);
    const bool heats = IsHeating(printer, now) || (open != nullptr && IsSetGoing(world, id, *open));
    count += heats ? 1 : 0;
  });
  return count;
}

int64_t FarmInFlight(const World& world) {
  int64_t count = 0;
  world.commands.ForEach(
      [&count](const CommandId&, const Command& command) { count += command.in_flight; });
  return count;
}

std::optional<int64_t> HeatingLimit(const Rules& rules, const Request& request) {
  const int64_t farm = rules.settings.commands.heating_max;
  if (!SetsGoing(request) || (farm == 0 && !request.options.heating)) {
    return std::nullopt;
  }
  const int64_t own = request.options.heating.value_or(farm);
  return farm == 0 ? own : std::min(own, farm);
}

Places::Places(Turn& turn, CommandId id)
    : turn_(turn),
      id_(id),
      stop_(IsStop(command().request)),
      others_in_flight_(FarmInFlight(turn.world) - command().in_flight),
      heating_limit_(HeatingLimit(turn.rules, command().request)) {
  if (command().next_turn && *command().next_turn <= turn.now.mono) {
    turn.world.commands.Mutable(id).next_turn.reset();
  }
}

bool Places::Any() {
  if (stop_) {
    return true;
  }
  const Command& now = command();
  if (now.next_turn || now.in_flight >= now.request.options.max_in_flight ||
      others_in_flight_ + now.in_flight >= turn_.rules.settings.commands.max_in_flight) {
    return false;
  }
  if (!heating_limit_) {
    return true;
  }
  if (!heating_) {
    heating_ = HeatingPrinters(turn_.world, turn_.now);
  }
  if (*heating_ < *heating_limit_) {
    return true;
  }
  turn_.world.commands.Mutable(id_).next_turn = turn_.now.mono + kHeatingCheck;
  return false;
}

void Places::Take() {
  if (heating_) {
    ++*heating_;
  }
  const milliseconds interval = command().request.options.interval;
  if (!stop_ && interval.count() > 0) {
    turn_.world.commands.Mutable(id_).next_turn = turn_.now.mono + interval;
  }
}

bool WaitsForTurn(const Command& command) {
  return command.state == CommandState::kAccepted && command.next_turn &&
         command.next_to_send < command.size();
}

}  // namespace printfleet::fleet
