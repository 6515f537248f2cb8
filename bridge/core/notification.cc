// A message as JSON, and back.
#include "core/notification.h"

#include <array>

#include "base/json.h"

namespace printfleet::core {
namespace {

constexpr std::array kStates = {NotificationState::kOpen, NotificationState::kQueued,
                                NotificationState::kSent, NotificationState::kFailed};

// What we wrote ourselves: as large as notify.printers_per_message_max allows.
constexpr json::Limits kLimits{.bytes_max = size_t{64} << 20, .depth_max = 8};

std::optional<std::string_view> Said(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string_view>(text);
}

void WriteItem(const NotifyItem& item, json::Writer& writer) {
  writer.BeginObject()
      .Member("kind", settings::Name(item.kind))
      .Member("at", FormatIso8601(item.at))
      .Member("printer_id", Said(item.printer_id))
      .Member("printer", Said(item.printer));
  if (item.job_id) {
    writer.Member("job_id", item.job_id.value)
        .Member("filename", Said(item.filename))
        .Member("layer", item.layer)
        .Member("layers", item.layers)
        .Member("progress_ratio", item.progress_ratio);
  }
  writer.Member("text", Said(item.text)).EndObject();
}

std::string TextOf(const json::Value& object, std::string_view name) {
  return std::string(object[name].String().value_or(""));
}

std::optional<WallTime> TimeOf(const json::Value& object, std::string_view name) {
  return ParseIso8601(object[name].String().value_or(""));
}

std::optional<NotifyItem> ReadItem(const json::Value& value) {
  const auto kind = settings::ParseNotifyKind(value["kind"].String().value_or(""));
  const auto at = TimeOf(value, "at");
  if (!kind || !at) {
    return std::nullopt;
  }
  NotifyItem item;
  item.kind = *kind;
  item.at = *at;
  item.printer_id = TextOf(value, "printer_id");
  item.printer = TextOf(value, "printer");
  item.job_id = JobId{value["job_id"].Int().value_or(0)};
  item.filename = TextOf(value, "filename");
  item.layer = value["layer"].Int();
  item.layers = value["layers"].Int();
  item.progress_ratio = value["progress_ratio"].Number();
  item.text = TextOf(value, "text");
  return item;
}

}  // namespace

std::string_view Name(NotificationState state) {
  switch (state) {
    case NotificationState::kOpen:
      return "open";
    case NotificationState::kQueued:
      return "queued";
    case NotificationState::kSent:
      return "sent";
    case NotificationState::kFailed:
      return "failed";
  }
  return "";
}

std::optional<NotificationState> ParseNotificationState(std::string_view name) {
  for (const NotificationState state : kStates) {
    if (Name(state) == name) {
      return state;
    }
  }
  return std::nullopt;
}

std::string BodyJson(const Notification& message) {
  json::Writer writer;
  writer.BeginObject()
      .Member("v", 1)
      .Member("notification_id", message.id.value)
      .Member("target", message.target)
      .Member("created_at", FormatIso8601(message.created_at))
      .Member("utc_offset_s", static_cast<int64_t>(message.utc_offset.count()))
      .Member("digest", message.digest)
      .Member("title", TitleOf(message))
      .Key("outage");
  if (message.outage) {
    writer.BeginObject()
        .Member("since", FormatIso8601(message.outage->since))
        .Member("lost", message.outage->lost)
        .Member("of", message.outage->of)
        .EndObject();
  } else {
    writer.Null();
  }
  writer.Key("items").BeginArray();
  for (const NotifyItem& item : message.items) {
    WriteItem(item, writer);
  }
  writer.EndArray().Member("more", message.more).EndObject();
  return writer.Take();
}

std::optional<Notification> ReadBody(std::string_view text) {
  json::Parser parser;
  const auto parsed = parser.Parse(text, kLimits);
  if (!parsed.ok()) {
    return std::nullopt;
  }
  const json::Value& body = *parsed;
  const auto created_at = TimeOf(body, "created_at");
  const auto id = body["notification_id"].Int();
  if (!created_at || !id) {
    return std::nullopt;
  }
  Notification message;
  message.id = NotificationId{*id};
  message.target = TextOf(body, "target");
  message.created_at = *created_at;
  message.utc_offset = seconds(body["utc_offset_s"].Int().value_or(0));
  message.digest = body["digest"].Bool().value_or(false);
  message.more = body["more"].Int().value_or(0);
  const json::Value outage = body["outage"];
  if (const auto since = TimeOf(outage, "since")) {
    message.outage =
        NotifyOutage{*since, outage["lost"].Int().value_or(0), outage["of"].Int().value_or(0)};
  }
  const json::Value items = body["items"];
  for (size_t i = 0; i < items.size(); ++i) {
    if (auto item = ReadItem(items.at(i))) {
      message.items.push_back(*std::move(item));
    }
  }
  return message;
}

}  // namespace printfleet::core
