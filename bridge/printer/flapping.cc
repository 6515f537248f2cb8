#include "printer/flapping.h"

#include <algorithm>

namespace printfleet::printer {

void CountLoss(Step& step) {
  Flapping& flapping = step.printer.flapping;
  const Policy& policy = step.context.policy;
  std::vector<MonoTime>& losses = flapping.losses;
  std::erase_if(losses, [&](MonoTime at) { return step.mono() - at >= policy.flapping_window; });
  if (losses.size() >= policy.flapping_losses) {
    losses.erase(losses.begin());
  }
  losses.push_back(step.mono());
  ++flapping.count;
  if (flapping.on() || losses.size() < policy.flapping_losses) {
    return;
  }
  flapping.since = step.wall();
  flapping.count = static_cast<int64_t>(losses.size());
  const auto within = std::chrono::ceil<seconds>(step.mono() - losses.front());
  step.Notify("printer_flapping",
              "it comes and goes; its comings and goings are counted until it is calm");
  step.change.notices.back().counts = {{"losses", flapping.count}, {"within_s", within.count()}};
  step.change.state_changed = true;
}

void NotifyPresence(Step& step, std::string_view kind, std::string_view text) {
  if (!step.printer.flapping.on()) {
    step.Notify(kind, std::string(text));
  }
}

void WatchFlapping(Step& step) {
  const auto deadline = FlappingDeadline(step.printer, step.context.policy);
  if (!deadline || *deadline > step.mono()) {
    return;
  }
  Flapping& flapping = step.printer.flapping;
  const auto lasted = std::chrono::ceil<seconds>(step.wall() - *flapping.since);
  step.Notify("printer_settled", "it is calm, and " + std::string(Name(step.printer.presence)));
  step.change.notices.back().counts = {{"losses", flapping.count}, {"lasted_s", lasted.count()}};
  step.change.state_changed = true;
  flapping = {};
}

void RenewFlapping(Step& step) {
  Flapping& flapping = step.printer.flapping;
  if (flapping.on()) {
    flapping.losses.back() = step.mono();
  }
}

std::optional<MonoTime> FlappingDeadline(const Printer& printer, const Policy& policy) {
  if (!printer.flapping.on()) {
    return std::nullopt;
  }
  return printer.flapping.losses.back() + policy.flapping_window;
}

}  // namespace printfleet::printer
