#include "core/outage.h"

namespace printfleet::core {
namespace {

constexpr int64_t kPercent = 100;

// Are `part` at least outage_percent of `whole`?
bool IsShare(int64_t part, int64_t whole, const settings::Fleet& rules) {
  return part * kPercent >= whole * rules.outage_percent;
}

// Those of `recent` that are within the window.
size_t FirstWithin(const Outage& outage, const settings::Fleet& rules, const Instant& now) {
  size_t first = 0;
  while (first < outage.recent.size() &&
         now.mono - outage.recent[first].at.mono >= rules.outage_window) {
    ++first;
  }
  return first;
}

}  // namespace

void LosePrinter(Outage& outage, const PrinterId& printer, const Instant& now) {
  if (outage.on()) {
    outage.lost.insert(printer);
    outage.missing.insert(printer);
  } else {
    outage.recent.push_back({printer, now});
  }
}

void ReturnPrinter(Outage& outage, const PrinterId& printer, const Instant& now) {
  std::erase_if(outage.recent, [&](const Outage::Loss& loss) { return loss.printer == printer; });
  if (outage.missing.erase(printer) > 0) {
    outage.last_return = now.mono;
  }
}

bool MayBegin(const Outage& outage, const settings::Fleet& rules, const Instant& now) {
  const size_t within = outage.recent.size() - FirstWithin(outage, rules, now);
  return !outage.on() && within >= static_cast<size_t>(rules.outage_printers_min);
}

bool Begin(Outage& outage, int64_t online, const settings::Fleet& rules, const Instant& now) {
  const auto first =
      outage.recent.begin() + static_cast<std::ptrdiff_t>(FirstWithin(outage, rules, now));
  outage.recent.erase(outage.recent.begin(), first);
  const auto count = static_cast<int64_t>(outage.recent.size());
  if (!IsShare(count, online + count, rules)) {
    return false;
  }
  outage.since = outage.recent.front().at.wall;
  outage.of = online + count;
  for (const Outage::Loss& loss : outage.recent) {
    outage.lost.insert(loss.printer);
    outage.missing.insert(loss.printer);
  }
  outage.recent.clear();
  return true;
}

std::optional<MonoTime> OverAt(const Outage& outage, const settings::Fleet& rules) {
  if (!outage.on()) {
    return std::nullopt;
  }
  if (outage.missing.empty()) {
    return outage.last_return;
  }
  const auto back = static_cast<int64_t>(outage.lost.size() - outage.missing.size());
  const bool most = IsShare(back, static_cast<int64_t>(outage.lost.size()), rules);
  return most ? std::optional(outage.last_return + rules.outage_window) : std::nullopt;
}

}  // namespace printfleet::core
