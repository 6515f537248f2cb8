// The printers' topics, both firmware generations. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace printfleet::protocol {

constexpr size_t kPrinterIdBytesMax = 128;
constexpr size_t kModelIdBytesMax = 32;

// What we subscribe to: every printer's public reports and acknowledgements.
constexpr std::string_view kPublicReportsFilter = "anycubic/anycubicCloud/v1/printer/public/#";
constexpr std::string_view kAppReportsFilter = "anycubic/anycubicCloud/v1/printer/app/#";

// A topic a printer published on. [§1] An ACE box's own topics (…/ota/multiColorBox/<box>/report)
// are of type "multiColorBox", whatever stands before: its firmware is not the printer's.
struct ReportTopic {
  std::string_view model_id;
  std::string_view printer_id;
  std::string_view type;  // "print", …; "response" for acknowledgements
};

// nullopt: not a printer's public topic of this protocol, or ids that cannot be ids (empty, too
// long, wildcards, control characters, not UTF-8). Reports on topics like requests' (one capture
// has v1/web/printer/<M>/<ID>/print/report) and the legacy …/online/status are foreign too: our
// filters do not bring them, and a request must never pass for a report. The views point into
// `topic`.
std::optional<ReportTopic> ParseReportTopic(std::string_view topic);

// May `text` be a printer's id, one level of its topics?
bool IsPrinterId(std::string_view text);

// Which generation's request topics a printer listens to: firmware >= 3.1.0 has no action segment.
enum class TopicForm { kShort, kLong, kBoth };

std::string_view Name(TopicForm form);
std::optional<TopicForm> ParseTopicForm(std::string_view name);

// By the firmware triple, compared as numbers (3.0.10 < 3.1.0; "3.1" = 3.1.0; trailing blanks
// ignored); kBoth when `firmware` is empty or no version.
TopicForm TopicFormFor(std::string_view firmware, std::string_view short_topics_from);

// -1, 0, 1 like strcmp, on dotted numbers with missing parts 0; nullopt when either is no version.
std::optional<int> CompareVersions(std::string_view a, std::string_view b);

// Requires: form is kShort or kLong.
std::string RequestTopic(std::string_view model_id, std::string_view printer_id,
                         std::string_view type, std::string_view action, TopicForm form);

}  // namespace printfleet::protocol
