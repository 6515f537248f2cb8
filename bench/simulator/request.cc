#include "bench/simulator/request.h"

#include <algorithm>
#include <cctype>
#include <vector>

namespace printfleet::simulator {
namespace {

// A Kobra 2 runs on a small board; nothing we know of sends it more.
constexpr std::size_t kPayloadBytesMax = 262'144;

// 2001-09-09 in milliseconds: anything smaller is not an epoch time in milliseconds.
constexpr std::int64_t kEpochMsMin = 1'000'000'000'000;

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(at + 1);
  }
}

bool IsHexDigit(char c) {
  return std::isxdigit(static_cast<unsigned char>(c)) != 0;
}

bool IsUuid(std::string_view text) {
  if (text.size() != 36) {
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !IsHexDigit(text[i])) {
      return false;
    }
  }
  return true;
}

std::string CheckEnvelope(const RequestTopic& topic, bool lenient, const Request& request) {
  if (request.type != topic.type) {
    return "type \"" + request.type + "\" on a topic for \"" + topic.type + "\"";
  }
  if (request.action.empty()) {
    return "action: expected a string";
  }
  if (!topic.action.empty() && request.action != topic.action) {
    return "action \"" + request.action + "\" on a topic for \"" + topic.action + "\"";
  }
  if (!IsUuid(request.msgid) && !(lenient && request.msgid.empty())) {
    return "msgid: expected a UUID";
  }
  const auto timestamp_ms = IntMember(&request.body, "timestamp");
  const bool absent = !request.body.HasMember("timestamp");
  if (timestamp_ms.value_or(0) < kEpochMsMin && !(lenient && absent)) {
    return "timestamp: expected milliseconds since 1970";
  }
  const auto data = request.body.FindMember("data");
  if (data != request.body.MemberEnd() && !data->value.IsObject() && !data->value.IsNull()) {
    return "data: expected an object or null";
  }
  return "";
}

}  // namespace

const char* VerdictWord(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAccepted:
      return "accepted";
    case Verdict::kMalformed:
      return "malformed";
    case Verdict::kWrongForm:
      return "wrong_form";
    case Verdict::kUnknown:
      return "unknown";
    case Verdict::kDuplicate:
      return "duplicate";
    case Verdict::kIgnored:
      return "ignored";
  }
  return "";
}

std::optional<RequestTopic> ParseRequestTopic(std::string_view topic, const Identity& identity) {
  // anycubic/anycubicCloud/v1/<origin>/printer/<MODEL>/<ID>/<type>[/<action>]; any origin, as the
  // printers' own filters have + there.
  const std::vector<std::string_view> parts = Split(topic, '/');
  const std::size_t expected = UsesShortTopics(identity.firmware) ? 8 : 9;
  if (parts.size() != expected || parts[0] != "anycubic" || parts[1] != "anycubicCloud" ||
      parts[2] != "v1" || parts[4] != "printer" || parts[5] != identity.model.id ||
      parts[6] != identity.id) {
    return std::nullopt;
  }
  RequestTopic parsed;
  parsed.type = parts[7];
  if (parts.size() == 9) {
    parsed.action = parts[8];
  }
  return parsed;
}

const rapidjson::Value* Request::data() const {
  const auto member = body.FindMember("data");
  return member != body.MemberEnd() && member->value.IsObject() ? &member->value : nullptr;
}

std::string ParseRequest(std::string_view payload, const RequestTopic& topic, bool lenient,
                         Request& request) {
  request.type = topic.type;
  request.action = topic.action;
  if (payload.size() > kPayloadBytesMax) {
    request.body.SetObject();
    return "payload of " + std::to_string(payload.size()) + " bytes";
  }
  request.body.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(
      payload.data(), payload.size());
  if (request.body.HasParseError() || !request.body.IsObject()) {
    request.body.SetObject();
    return "not a JSON object";
  }
  request.type = StringMember(&request.body, "type").value_or("");
  request.action = StringMember(&request.body, "action").value_or("");
  request.msgid = StringMember(&request.body, "msgid").value_or("");
  return CheckEnvelope(topic, lenient, request);
}

std::optional<std::string> StringMember(const rapidjson::Value* object, const char* name) {
  if (object == nullptr) {
    return std::nullopt;
  }
  const auto member = object->FindMember(name);
  if (member == object->MemberEnd() || !member->value.IsString()) {
    return std::nullopt;
  }
  return std::string(member->value.GetString(), member->value.GetStringLength());
}

std::optional<std::int64_t> IntMember(const rapidjson::Value* object, const char* name) {
  if (object == nullptr) {
    return std::nullopt;
  }
  const auto member = object->FindMember(name);
  if (member == object->MemberEnd() || !member->value.IsInt64()) {
    return std::nullopt;
  }
  return member->value.GetInt64();
}

std::optional<double> NumberMember(const rapidjson::Value* object, const char* name) {
  if (object == nullptr) {
    return std::nullopt;
  }
  const auto member = object->FindMember(name);
  if (member == object->MemberEnd() || !member->value.IsNumber()) {
    return std::nullopt;
  }
  return member->value.GetDouble();
}

bool IsMd5(std::string_view text) {
  return text.size() == 32 && std::all_of(text.begin(), text.end(), IsHexDigit);
}

bool IsTaskId(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return text == "-1" ||
         (!text.empty() && text.size() <= 20 && std::all_of(text.begin(), text.end(), is_digit));
}

}  // namespace printfleet::simulator
