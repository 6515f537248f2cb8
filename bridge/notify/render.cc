#include "notify/render.h"

#include <algorithm>

#include "base/text.h"

namespace printfleet::notify {
namespace {

using settings::NotifyKind;

constexpr std::string_view kEllipsis = "…";
constexpr size_t kLineBytesMax = 400;

std::string MoreLine(int64_t count) {
  return "… and " + std::to_string(count) + " more";
}

size_t SizeOf(const std::vector<std::string>& lines) {
  size_t size = 0;
  for (const std::string& line : lines) {
    size += line.size() + 1;
  }
  return size;
}

std::vector<std::string> Lines(const core::Notification& message, bool brief,
                               std::string (*escape)(std::string_view)) {
  std::vector<std::string> lines;
  for (const core::NotifyItem& item : message.items) {
    std::string line = core::LineOf(message, item, brief);
    if (!line.empty()) {
      lines.push_back(escape(Shortened(line, kLineBytesMax)));
    }
  }
  return lines;
}

bool IsGood(NotifyKind kind) {
  return kind == NotifyKind::kPrintFinished || kind == NotifyKind::kFarmOutageOver ||
         kind == NotifyKind::kBridgeRecovered;
}

bool IsCalm(NotifyKind kind) {
  return IsGood(kind) || kind == NotifyKind::kPrintStopped || kind == NotifyKind::kPrinterOffline;
}

}  // namespace

std::vector<std::string> FitLines(const core::Notification& message, size_t bytes_max,
                                  std::string (*escape)(std::string_view)) {
  const size_t reserve = MoreLine(message.more + static_cast<int64_t>(message.items.size())).size();
  const size_t room = bytes_max - std::min(bytes_max, reserve + 1);
  std::vector<std::string> lines = Lines(message, false, escape);
  if (SizeOf(lines) > room) {
    lines = Lines(message, true, escape);
  }
  int64_t more = message.more;
  size_t size = SizeOf(lines);
  while (size > room) {
    size -= lines.back().size() + 1;
    lines.pop_back();
    ++more;
  }
  if (more > 0) {
    lines.push_back(MoreLine(more));
  }
  return lines;
}

std::string Shortened(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) {
    return std::string(text);
  }
  return CleanText(text, bytes_max - kEllipsis.size()).append(kEllipsis);
}

bool IsUrgent(const core::Notification& message) {
  return message.outage.has_value() ||
         !std::all_of(message.items.begin(), message.items.end(),
                      [](const core::NotifyItem& item) { return IsCalm(item.kind); });
}

bool IsGoodNews(const core::Notification& message) {
  return !message.outage &&
         std::all_of(message.items.begin(), message.items.end(),
                     [](const core::NotifyItem& item) { return IsGood(item.kind); });
}

Rendered Render(settings::NotifyTemplate form, const core::Notification& message) {
  switch (form) {
    case settings::NotifyTemplate::kJson:
      return RenderJson(message);
    case settings::NotifyTemplate::kNtfy:
      return RenderNtfy(message);
    case settings::NotifyTemplate::kDiscord:
      return RenderDiscord(message);
    case settings::NotifyTemplate::kSlack:
      return RenderSlack(message);
  }
  return {};
}

Rendered RenderJson(const core::Notification& message) {
  return {core::BodyJson(message), {"Content-Type: application/json"}};
}

}  // namespace printfleet::notify
