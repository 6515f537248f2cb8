#include "bench/simulator/recording.h"

#include <openssl/evp.h>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>

#include "bench/simulator/request.h"

namespace printfleet::simulator {
namespace {

// The largest packet a broker of ours takes, in base64, and what stands around it.
constexpr std::size_t kLineBytesMax = std::size_t{8} << 20U;
constexpr int kDepthMax = 256;  // writing goes as deep as the value does
constexpr int kQosMax = 1;      // the codec has no QoS 2
constexpr std::string_view kHeads[] = {"anycubic/anycubicCloud/v1/printer/public/",
                                       "anycubic/anycubicCloud/v1/printer/app/",
                                       "anycubic/anycubicCloud/printer/public/"};

using Parsed = std::variant<Recorded, NotPlayed>;

NotPlayed Bad(std::string problem) {
  return {NotPlayed::Why::kBad, std::move(problem)};
}

bool TooDeep(std::string_view json) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      i += c == '\\' ? 1 : 0;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kDepthMax) {
        return true;
      }
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

std::optional<std::string> DecodeBase64(const std::string& text) {
  std::string bytes(text.size() / 4 * 3 + 1, '\0');
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
  const auto padding = std::count(text.begin(), text.end(), '=');
  if (length < padding) {
    return std::nullopt;
  }
  bytes.resize(static_cast<std::size_t>(length - padding));
  return bytes;
}

std::string TextOf(const rapidjson::Value& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

// Fills everything but the payload. False: no topic that a printer publishes on.
bool ReadTopic(std::string_view topic, Recorded& recorded) {
  for (const std::string_view head : kHeads) {
    if (!topic.starts_with(head)) {
      continue;
    }
    std::string_view rest = topic.substr(head.size());
    const std::size_t model_end = rest.find('/');
    const std::size_t id_end = rest.find('/', std::min(model_end, rest.size() - 1) + 1);
    if (model_end == std::string_view::npos || id_end == std::string_view::npos) {
      return false;
    }
    recorded.head = head;
    recorded.model_id = rest.substr(0, model_end);
    recorded.printer_id = rest.substr(model_end + 1, id_end - model_end - 1);
    recorded.tail = rest.substr(id_end);
    return true;
  }
  return false;
}

Parsed ParseObject(std::string_view line) {
  rapidjson::Document document;
  if (TooDeep(line) ||
      document.Parse<rapidjson::kParseIterativeFlag>(line.data(), line.size()).HasParseError() ||
      !document.IsObject()) {
    return Bad("no JSON object, or too deep");
  }
  const bool ours = IntMember(&document, "v") == 1;
  if (ours && document.HasMember("capture")) {
    return NotPlayed{NotPlayed::Why::kEmpty, ""};
  }
  const auto topic = StringMember(&document, "topic");
  if (!topic) {
    return Bad("no topic");
  }
  Recorded recorded;
  if (!ReadTopic(*topic, recorded)) {
    return NotPlayed{NotPlayed::Why::kToPrinter, ""};
  }
  if (const auto qos = IntMember(&document, "qos")) {
    recorded.qos = static_cast<int>(std::clamp<std::int64_t>(*qos, 0, kQosMax));
  }
  const auto retained = document.FindMember("retained");
  recorded.retain = retained != document.MemberEnd() && retained->value.IsTrue();
  recorded.offset_ms = IntMember(&document, "offset_ms");
  if (document.HasMember("payload_bytes")) {
    return NotPlayed{NotPlayed::Why::kWithheld, ""};
  }
  if (const auto text = StringMember(&document, "payload_b64")) {
    auto bytes = DecodeBase64(*text);
    recorded.payload = bytes.value_or("");
    return bytes ? Parsed(std::move(recorded)) : Bad("payload_b64 is no base64");
  }
  const auto payload = document.FindMember("payload");
  if (payload == document.MemberEnd()) {
    return Bad("no payload");
  }
  // In lines of others a string is the message's bytes.
  const bool bytes = payload->value.IsString() && !ours;
  recorded.payload = bytes
                         ? std::string(payload->value.GetString(), payload->value.GetStringLength())
                         : TextOf(payload->value);
  return recorded;
}

}  // namespace

Parsed ParseRecorded(std::string_view line) {
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  if (line.empty() || line.starts_with('#')) {
    return NotPlayed{NotPlayed::Why::kEmpty, ""};
  }
  if (line.starts_with('{')) {
    return ParseObject(line);
  }
  const std::size_t blank = line.find(' ');
  if (!line.starts_with("anycubic/") || blank == std::string_view::npos) {
    return Bad("neither a JSON object nor \"topic payload\"");
  }
  Recorded recorded;
  recorded.payload = line.substr(blank + 1);
  const bool published = ReadTopic(line.substr(0, blank), recorded);
  return published ? Parsed(std::move(recorded)) : NotPlayed{NotPlayed::Why::kToPrinter, ""};
}

bool Recording::Open(const std::string& path) {
  file_.open(path, std::ios::binary);
  return file_.is_open();
}

std::optional<Recording::Line> Recording::Next() {
  std::string line;
  bool too_long = false;
  std::streambuf& bytes = *file_.rdbuf();
  int c = bytes.sbumpc();
  if (c == std::char_traits<char>::eof()) {
    return std::nullopt;
  }
  for (; c != std::char_traits<char>::eof() && c != '\n'; c = bytes.sbumpc()) {
    too_long = too_long || line.size() >= kLineBytesMax;
    if (!too_long) {
      line += static_cast<char>(c);
    }
  }
  ++lines_;
  return Line{lines_, too_long ? Parsed(Bad("longer than any message")) : ParseRecorded(line)};
}

}  // namespace printfleet::simulator
