// Topics and payloads of printers, read without a core behind.
#include <cmath>
#include <string>
#include <variant>

#include "base/check.h"
#include "base/text.h"
#include "protocol/decode.h"
#include "protocol/topics.h"
#include "tests/fuzz/targets.h"

namespace printfleet::fuzz {
namespace {

// Smaller than the daemon's, so that inputs reach them.
constexpr json::Limits kLimits{.bytes_max = 4096, .depth_max = 8};
constexpr size_t kFieldErrorsMax = 16;

void CheckSegment(std::string_view segment, size_t bytes_max) {
  CHECK(!segment.empty() && segment.size() <= bytes_max && IsCleanUtf8(segment));
  CHECK(segment.find_first_of("/+#") == std::string_view::npos);
}

void CheckVersions(std::string_view a, std::string_view b) {
  const auto order = protocol::CompareVersions(a, b);
  const auto other_way = protocol::CompareVersions(b, a);
  CHECK(order.has_value() == other_way.has_value());
  CHECK(!order || *order == -*other_way);
  const protocol::TopicForm form = protocol::TopicFormFor(a, b);
  CHECK((form == protocol::TopicForm::kBoth) == !order.has_value());
}

void CheckRatio(const std::optional<double>& ratio) {
  CHECK(!ratio || (*ratio >= 0 && *ratio <= 1));
}

void CheckTemperatures(const protocol::Temperatures& temperatures) {
  for (const auto& reading : {temperatures.nozzle_c, temperatures.nozzle_target_c,
                              temperatures.bed_c, temperatures.bed_target_c}) {
    CHECK(!reading || std::isfinite(*reading));
  }
}

void CheckBody(const protocol::ReportBody& body) {
  if (const auto* print = std::get_if<protocol::PrintReport>(&body)) {
    CheckTemperatures(print->temperatures);
    CheckRatio(print->job.progress_ratio);
    CheckRatio(print->settings.fan_ratio);
  } else if (const auto* temperature = std::get_if<protocol::TemperatureReport>(&body)) {
    CheckTemperatures(temperature->temperatures);
  } else if (const auto* fan = std::get_if<protocol::FanReport>(&body)) {
    CheckRatio(fan->fan_ratio);
  } else if (const auto* files = std::get_if<protocol::FileReport>(&body)) {
    for (const protocol::FileRecord& record : files->records) {
      CHECK(!record.filename.empty());
    }
  } else if (const auto* ota = std::get_if<protocol::OtaReport>(&body)) {
    CheckRatio(ota->progress_ratio);
  }
}

}  // namespace

std::string_view TakeLine(std::string_view& rest) {
  const size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return line;
}

void Topic(std::string_view bytes) {
  const std::string_view topic = TakeLine(bytes);
  if (const auto parsed = protocol::ParseReportTopic(topic)) {
    CheckSegment(parsed->model_id, protocol::kModelIdBytesMax);
    CheckSegment(parsed->printer_id, protocol::kPrinterIdBytesMax);
    CHECK(!parsed->type.empty());
    // What we would send to it is no report: never read back as one.
    for (const auto form : {protocol::TopicForm::kShort, protocol::TopicForm::kLong}) {
      CHECK(!protocol::ParseReportTopic(protocol::RequestTopic(parsed->model_id, parsed->printer_id,
                                                               parsed->type, "report", form)));
    }
  }
  const std::string_view version = TakeLine(bytes);
  CheckVersions(version, TakeLine(bytes));
}

void Decode(std::string_view bytes) {
  std::string topic(TakeLine(bytes));
  if (topic.find('/') == std::string::npos) {
    topic = "anycubic/anycubicCloud/v1/printer/public/20021/9347/" + topic + "/report";
  }
  static protocol::Decoder decoder(kLimits);  // one for all messages, as in core
  const auto decoded = decoder.Decode(topic, bytes);
  if (const auto* failure = std::get_if<protocol::DecodeFailure>(&decoded)) {
    CHECK(!protocol::Name(failure->reason).empty() && !failure->message.empty());
    return;
  }
  const auto& report = std::get<protocol::Report>(decoded);
  CHECK(!report.printer_id.empty() && !report.model_id.empty());
  CHECK(report.field_errors.size() <= kFieldErrorsMax);
  CheckBody(report.body);
}

}  // namespace printfleet::fuzz
