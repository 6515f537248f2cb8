#include "protocol/topics.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "base/check.h"
#include "base/text.h"
#include "protocol/trimmed.h"

namespace printfleet::protocol {
namespace {

constexpr std::string_view kPublicPrefix = "anycubic/anycubicCloud/v1/printer/public/";
constexpr std::string_view kAppPrefix = "anycubic/anycubicCloud/v1/printer/app/";
constexpr std::string_view kRequestPrefix = "anycubic/anycubicCloud/v1/server/printer/";
constexpr std::string_view kReport = "report";
constexpr std::string_view kResponse = "response";
// An ACE box reports its own firmware under …/ota/multiColorBox/<box>/report: not the printer's.
constexpr std::string_view kColorBox = "multiColorBox";

constexpr size_t kTypeBytesMax = 64;
constexpr size_t kVersionPartsMax = 8;
constexpr size_t kVersionDigitsMax = 9;

bool IsSegment(std::string_view text, size_t bytes_max) {
  const auto forbidden = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F || c == '+' || c == '#';
  };
  return !text.empty() && text.size() <= bytes_max && std::ranges::none_of(text, forbidden) &&
         IsCleanUtf8(text);
}

// The text up to the next "/", which is taken away with it.
std::string_view TakeSegment(std::string_view& rest) {
  const size_t slash = rest.find('/');
  const std::string_view segment = rest.substr(0, slash);
  rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  return segment;
}

// "multiColorBox/<box>/report", what follows the type in a box's topic.
bool IsColorBoxTail(std::string_view tail) {
  const std::string_view name = TakeSegment(tail);
  const std::string_view box = TakeSegment(tail);
  return name == kColorBox && !box.empty() && tail == kReport;
}

using Version = std::array<int64_t, kVersionPartsMax>;

std::optional<Version> ParseVersion(std::string_view text) {
  text = Trimmed(text);
  Version version{};
  for (int64_t& part : version) {
    const size_t dot = text.find('.');
    const std::string_view digits = text.substr(0, dot);
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (digits.empty() || digits.size() > kVersionDigitsMax ||
        !std::ranges::all_of(digits, is_digit)) {
      return std::nullopt;
    }
    std::from_chars(digits.data(), digits.data() + digits.size(), part);
    if (dot == std::string_view::npos) {
      return version;
    }
    text = text.substr(dot + 1);
  }
  return std::nullopt;
}

}  // namespace

std::optional<ReportTopic> ParseReportTopic(std::string_view topic) {
  std::string_view rest = topic;
  if (topic.starts_with(kPublicPrefix)) {
    rest.remove_prefix(kPublicPrefix.size());
  } else if (topic.starts_with(kAppPrefix)) {
    rest.remove_prefix(kAppPrefix.size());
  } else {
    return std::nullopt;
  }
  ReportTopic parsed;
  parsed.model_id = TakeSegment(rest);
  parsed.printer_id = TakeSegment(rest);
  parsed.type = TakeSegment(rest);
  if (!IsSegment(parsed.model_id, kModelIdBytesMax) ||
      !IsSegment(parsed.printer_id, kPrinterIdBytesMax) || !IsSegment(parsed.type, kTypeBytesMax)) {
    return std::nullopt;
  }
  if (rest == kReport || (rest.empty() && parsed.type == kResponse && !topic.ends_with('/'))) {
    return parsed;
  }
  if (IsColorBoxTail(rest)) {
    parsed.type = kColorBox;
    return parsed;
  }
  return std::nullopt;
}

bool IsPrinterId(std::string_view text) {
  return IsSegment(text, kPrinterIdBytesMax) && text.find('/') == std::string_view::npos;
}

std::string_view Name(TopicForm form) {
  switch (form) {
    case TopicForm::kShort:
      return "short";
    case TopicForm::kLong:
      return "long";
    case TopicForm::kBoth:
      return "both";
  }
  return "";
}

std::optional<TopicForm> ParseTopicForm(std::string_view name) {
  for (const TopicForm form : {TopicForm::kShort, TopicForm::kLong, TopicForm::kBoth}) {
    if (Name(form) == name) {
      return form;
    }
  }
  return std::nullopt;
}

TopicForm TopicFormFor(std::string_view firmware, std::string_view short_topics_from) {
  const std::optional<int> order = CompareVersions(firmware, short_topics_from);
  if (!order) {
    return TopicForm::kBoth;
  }
  return *order < 0 ? TopicForm::kLong : TopicForm::kShort;
}

std::optional<int> CompareVersions(std::string_view a, std::string_view b) {
  const std::optional<Version> left = ParseVersion(a);
  const std::optional<Version> right = ParseVersion(b);
  if (!left || !right) {
    return std::nullopt;
  }
  return *left < *right ? -1 : (*left == *right ? 0 : 1);
}

std::string RequestTopic(std::string_view model_id, std::string_view printer_id,
                         std::string_view type, std::string_view action, TopicForm form) {
  CHECK(form != TopicForm::kBoth);
  std::string topic(kRequestPrefix);
  topic.append(model_id).append("/").append(printer_id).append("/").append(type);
  if (form == TopicForm::kLong && !action.empty()) {
    topic.append("/").append(action);
  }
  return topic;
}

}  // namespace printfleet::protocol
