#include "capture/redact.h"

#include <utility>
#include <vector>

#include "capture/topic_levels.h"

namespace printfleet::capture {
namespace {

constexpr json::Limits kPayloadLimits{64 << 20, 64};
constexpr int kTextsMax = 3;  // JSON in strings is looked into so deep

// As bytes: what is not UTF-8 stays, for names from sticks are not.
void AppendQuoted(std::string_view text, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    } else {
      out += c;
    }
  }
  out += '"';
}

// Of {"name": "password", "value": …}: what the name says of the value.
Sensitivity NamedInside(json::Value object) {
  for (const auto* name : {"name", "key", "k", "field"}) {
    if (const auto text = object[name].String()) {
      return SensitivityOf(*text);
    }
  }
  return Sensitivity::kNone;
}

// A secret or an id stays one for all that is inside it.
Sensitivity Inside(Sensitivity around, Sensitivity own) {
  const bool spreads = around == Sensitivity::kSecret || around == Sensitivity::kAddress ||
                       around == Sensitivity::kId;
  return spreads && own != Sensitivity::kSecret ? around : own;
}

}  // namespace

void Redactor::Redact(Message& message) {
  message.topic = Topic(message.topic);
  auto* bytes = std::get_if<std::string>(&message.payload);
  if (bytes == nullptr) {
    return;
  }
  const auto json = parser_.Parse(*bytes, kPayloadLimits);
  if (!json.ok()) {
    message.payload =
        Withheld{static_cast<int64_t>(bytes->size()), scrubber_.pseudonyms().Fingerprint(*bytes)};
    return;
  }
  std::string out;
  Append(*json, Place{}, out);
  message.payload = std::move(out);
}

std::string Redactor::PrinterId(std::string_view id) {
  scrubber_.AddId(id);
  return scrubber_.pseudonyms().SameShape(id);
}

std::string Redactor::Topic(std::string_view topic) {
  const std::vector<std::string_view> levels = LevelsOf(topic);
  const size_t id_level = IdLevel(levels);
  std::string out;
  for (size_t i = 0; i < levels.size(); ++i) {
    out += i == 0 ? "" : "/";
    out += i == id_level ? PrinterId(levels[i]) : scrubber_.Scrub(levels[i], Sensitivity::kNone);
  }
  return out;
}

void Redactor::Append(json::Value value, Place place, std::string& out) const {
  if (value.IsObject()) {
    AppendObject(value, place, out);
  } else if (value.IsArray()) {
    out += '[';
    for (size_t i = 0; i < value.size(); ++i) {
      out += i == 0 ? "" : ",";
      Append(value.at(i), place, out);
    }
    out += ']';
  } else if (const auto text = value.String()) {
    AppendQuoted(Text(*text, place), out);
  } else if (value.IsNumber()) {
    AppendNumber(value, place, out);
  } else {
    out += value.Text();
  }
}

void Redactor::AppendObject(json::Value object, Place place, std::string& out) const {
  const Sensitivity named = NamedInside(object);
  out += '{';
  for (size_t i = 0; i < object.size(); ++i) {
    const std::string_view name = object.member_name(i);
    Place inside = place;
    inside.sensitivity = Inside(place.sensitivity, SensitivityOf(name));
    if (named != Sensitivity::kNone && (name == "value" || name == "val" || name == "v")) {
      inside.sensitivity = named;
    }
    out += i == 0 ? "" : ",";
    AppendQuoted(scrubber_.Scrub(name, Sensitivity::kNone), out);
    out += ':';
    Append(object.member_value(i), inside, out);
  }
  out += '}';
}

void Redactor::AppendNumber(json::Value number, Place place, std::string& out) const {
  switch (place.sensitivity) {
    case Sensitivity::kSecret:
    case Sensitivity::kAddress:
    case Sensitivity::kId:
      out += '0';
      return;
    case Sensitivity::kNone:
    case Sensitivity::kFile:
    case Sensitivity::kDigest:
    case Sensitivity::kVersion:
      out += number.Text();
  }
}

std::string Redactor::Text(std::string_view text, Place place) const {
  if ((text.starts_with('{') || text.starts_with('[')) && place.texts < kTextsMax) {
    json::Parser parser;
    if (const auto json = parser.Parse(text, kPayloadLimits); json.ok()) {
      std::string out;
      ++place.texts;
      Append(*json, place, out);
      return out;
    }
  }
  return scrubber_.Scrub(text, place.sensitivity);
}

}  // namespace printfleet::capture
