#include "capture/message.h"

#include "base/text.h"

namespace printfleet::capture {
namespace {

constexpr int kVersion = 1;
constexpr std::string_view kVendorTopics = "anycubic/";

// The version's own lines say what `payload` is; others give a string for bytes.
bool IsOurs(json::Value line) {
  return line["v"].Int() == kVersion;
}

std::optional<int> QosOf(json::Value line) {
  const auto qos = line["qos"].Int();
  return qos && *qos >= 0 && *qos <= 2 ? std::optional(static_cast<int>(*qos)) : std::nullopt;
}

std::optional<WallTime> TimeOf(json::Value line) {
  for (const auto* name : {"at", "tst"}) {
    if (const auto text = line[name].String()) {
      return ParseIso8601(*text);
    }
  }
  return std::nullopt;
}

// False when the line has no payload that can be read.
bool ReadPayload(json::Value line, Message& message) {
  if (const auto bytes = line["payload_bytes"].Int()) {
    message.payload =
        Withheld{*bytes, std::string(line["payload_fingerprint"].String().value_or(""))};
    return true;
  }
  if (const auto text = line["payload_b64"].String()) {
    std::string bytes;
    const bool decoded = DecodeBase64(*text, bytes);
    message.payload = std::move(bytes);
    return decoded;
  }
  const json::Value payload = line["payload"];
  const auto text = payload.String();
  message.payload = text && !IsOurs(line) ? std::string(*text) : payload.Text();
  return payload.exists();
}

ParsedLine ParseObject(std::string_view text, json::Parser& parser) {
  const auto parsed = parser.Parse(text, kLineLimits);
  if (!parsed.ok()) {
    return parsed.error();
  }
  const json::Value line = *parsed;
  if (IsOurs(line) && line["capture"].IsObject()) {
    return NoMessage{};
  }
  Message message;
  const auto topic = line["topic"].String();
  if (!topic || topic->empty()) {
    return Error{Errc::kMalformed, "has no topic"};
  }
  message.topic = *topic;
  message.at = TimeOf(line);
  message.offset_ms = line["offset_ms"].Int();
  message.qos = QosOf(line);
  message.retained = line["retained"].Bool().value_or(line["retain"].Int().value_or(0) == 1);
  if (!ReadPayload(line, message)) {
    return Error{Errc::kMalformed, "has no payload"};
  }
  return message;
}

}  // namespace

std::string_view Name(Direction direction) {
  return direction == Direction::kFromPrinter ? "from_printer" : "to_printer";
}

Direction DirectionOf(std::string_view topic) {
  const bool reports = topic.find("/printer/public/") != std::string_view::npos ||
                       topic.find("/printer/app/") != std::string_view::npos;
  return reports ? Direction::kFromPrinter : Direction::kToPrinter;
}

std::string LineOf(const Message& message) {
  json::Writer out;
  out.BeginObject().Member("v", kVersion);
  if (message.at) {
    out.Member("at", FormatIso8601(*message.at));
  }
  if (message.offset_ms) {
    out.Member("offset_ms", *message.offset_ms);
  }
  out.Member("direction", Name(DirectionOf(message.topic)));
  out.Member("topic", message.topic);
  out.Key("qos");
  message.qos ? out.Int(*message.qos) : out.Null();
  out.Member("retained", message.retained);
  if (const auto* withheld = std::get_if<Withheld>(&message.payload)) {
    out.Member("payload_bytes", withheld->bytes);
    out.Member("payload_fingerprint", withheld->fingerprint);
    return out.EndObject().Take();
  }
  const std::string& bytes = std::get<std::string>(message.payload);
  json::Parser parser;
  const auto json = parser.Parse(bytes, kLineLimits);
  if (json.ok() && IsCleanUtf8(bytes)) {
    out.Key("payload").Raw(json->Text());
  } else {
    out.Member("payload_b64", Base64Text(bytes));
  }
  return out.EndObject().Take();
}

std::string LineOf(const Header& header) {
  json::Writer out;
  out.BeginObject().Member("v", kVersion).Key("capture").BeginObject();
  out.Member("tool", header.tool).Member("started_at", FormatIso8601(header.started_at));
  out.Key("printers").BeginArray();
  for (const CapturedPrinter& printer : header.printers) {
    out.BeginObject().Member("printer_id", printer.printer_id);
    for (const auto& [name, text] :
         {std::pair("model", &printer.model), std::pair("firmware", &printer.firmware)}) {
      out.Key(name);
      text->empty() ? out.Null() : out.String(*text);
    }
    out.EndObject();
  }
  out.EndArray().Key("redacted").BeginArray();
  for (const std::string& what : header.redacted) {
    out.String(what);
  }
  return out.EndArray().EndObject().EndObject().Take();
}

ParsedLine ParseLine(std::string_view line, json::Parser& parser) {
  while (line.ends_with('\r') || line.ends_with('\n')) {
    line.remove_suffix(1);
  }
  if (line.empty() || line.starts_with('#')) {
    return NoMessage{};
  }
  if (line.starts_with('{')) {
    return ParseObject(line, parser);
  }
  const size_t blank = line.find(' ');
  if (!line.starts_with(kVendorTopics) || blank == std::string_view::npos) {
    return Error{Errc::kMalformed, "is neither a JSON object nor \"topic payload\""};
  }
  Message message;
  message.topic = line.substr(0, blank);
  message.payload = std::string(line.substr(blank + 1));
  return message;
}

}  // namespace printfleet::capture
