// A message in words, before a service's syntax.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "core/notification.h"

namespace printfleet::core {
namespace {

using settings::NotifyKind;

struct Phrase {
  std::string_view one;   // behind "a-03: "
  std::string_view many;  // behind a number
};

Phrase PhraseOf(NotifyKind kind) {
  switch (kind) {
    case NotifyKind::kPrintFailed:
      return {"print failed", "prints failed"};
    case NotifyKind::kPrintFinished:
      return {"print finished", "prints finished"};
    case NotifyKind::kPrintStopped:
      return {"print stopped", "prints stopped"};
    case NotifyKind::kPrintInterrupted:
      return {"print interrupted", "prints interrupted"};
    case NotifyKind::kPrintPausedByItself:
      return {"print paused by itself", "prints paused by themselves"};
    case NotifyKind::kPrinterOfflineMidPrint:
      return {"offline mid-print", "printers offline mid-print"};
    case NotifyKind::kPrinterOffline:
      return {"offline", "printers offline"};
    case NotifyKind::kFarmOutage:
      return {"outage", "outages"};
    case NotifyKind::kFarmOutageOver:
      return {"outage over", "outages over"};
    case NotifyKind::kRolloutHalted:
      return {"rollout halted", "rollouts halted"};
    case NotifyKind::kBridgeDegraded:
      return {"bridge degraded", "times bridge degraded"};
    case NotifyKind::kBridgeRecovered:
      return {"bridge recovered", "times bridge recovered"};
  }
  return {"", ""};
}

using Counts = std::array<int64_t, settings::kNotifyKinds>;

Counts CountKinds(const Notification& message) {
  Counts counts{};
  for (const NotifyItem& item : message.items) {
    ++counts[static_cast<size_t>(item.kind)];
  }
  return counts;
}

bool OneKind(const Notification& message) {
  const auto other = [&](const NotifyItem& item) {
    return item.kind != message.items.front().kind;
  };
  return message.more == 0 && std::none_of(message.items.begin(), message.items.end(), other);
}

void Join(std::string& text, std::string_view part, std::string_view joint) {
  if (!part.empty()) {
    text.append(text.empty() ? "" : joint).append(part);
  }
}

std::string OutageTitle(const Notification& message) {
  const Counts counts = CountKinds(message);
  const int64_t printing = counts[static_cast<size_t>(NotifyKind::kPrinterOfflineMidPrint)];
  const int64_t lost = printing + counts[static_cast<size_t>(NotifyKind::kPrinterOffline)];
  const auto others = static_cast<int64_t>(message.items.size()) - lost;
  std::string title = "Outage: " + std::to_string(message.outage->lost) + " of " +
                      std::to_string(message.outage->of) + " printers lost, " +
                      std::to_string(printing) + " of them mid-print";
  if (message.more == 0 && lost != message.outage->lost) {
    title += " (of this target's)";
  }
  if (others > 0) {
    title += "; other events: " + std::to_string(others);
  }
  return title;
}

std::string ListedTitle(const Notification& message) {
  const Counts counts = CountKinds(message);
  std::string parts;
  for (int at = 0; at < settings::kNotifyKinds; ++at) {
    const int64_t count = counts[static_cast<size_t>(at)];
    if (count > 0) {
      const Phrase phrase = PhraseOf(static_cast<NotifyKind>(at));
      Join(parts, std::to_string(count) + " " + std::string(count == 1 ? phrase.one : phrase.many),
           ", ");
    }
  }
  const auto all = static_cast<int64_t>(message.items.size()) + message.more;
  return OneKind(message) ? parts : std::to_string(all) + " events: " + parts;
}

std::string ClockTime(WallTime at, seconds utc_offset) {
  const auto local = at.time_since_epoch() + utc_offset;
  const auto of_day = local - std::chrono::floor<std::chrono::days>(local);
  const auto minutes = std::chrono::floor<std::chrono::minutes>(of_day).count();
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%02d:%02d", static_cast<int>(minutes / 60),
                static_cast<int>(minutes % 60));
  return text.data();
}

std::string LayerText(const NotifyItem& item) {
  if (!item.layer) {
    return "";
  }
  std::string text = "layer " + std::to_string(*item.layer);
  return item.layers ? text + " of " + std::to_string(*item.layers) : text;
}

}  // namespace

std::string TitleOf(const Notification& message) {
  std::string title = message.digest ? "Quiet hours: " : "";
  if (message.outage) {
    return title + OutageTitle(message);
  }
  if (message.items.size() == 1 && message.more == 0) {
    const NotifyItem& item = message.items.front();
    const std::string phrase(PhraseOf(item.kind).one);
    return title + (item.printer.empty() ? phrase : item.printer + ": " + phrase);
  }
  return message.items.empty() ? title : title + ListedTitle(message);
}

std::string LineOf(const Notification& message, const NotifyItem& item, bool brief) {
  std::string line;
  if (message.digest && !brief) {
    line = ClockTime(item.at, message.utc_offset) + " ";
  }
  line += item.printer;
  std::string rest;
  if (!OneKind(message) && !(brief && message.outage)) {
    Join(rest, PhraseOf(item.kind).one, ", ");
  }
  if (!brief) {
    Join(rest, item.filename, ", ");
  }
  Join(rest, LayerText(item), ", ");
  if (item.progress_ratio && !brief) {
    Join(rest, std::to_string(std::lround(*item.progress_ratio * 100)) + " %", ", ");
  }
  if (!brief) {
    Join(rest, item.text, " - ");
  }
  if (!item.printer.empty() && !rest.empty()) {
    line += ": ";
  }
  return line + rest;
}

}  // namespace printfleet::core
