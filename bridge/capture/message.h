// One MQTT message as captures keep it, and its line: JSON, one message a line. Pure.
//
//   {"v":1,"at":"…Z","offset_ms":n,"direction":"from_printer"|"to_printer","topic":"…","qos":n|null,
//    "retained":bool,"payload":{…}}
//
// In place of `payload`: `payload_b64` for bytes that are no clean JSON, or `payload_bytes` with
// `payload_fingerprint` where the bytes were withheld. A capture's first line is its header:
// {"v":1,"capture":{…}}.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace printfleet::capture {

// Large enough for any packet a broker of ours takes, escaped.
inline constexpr json::Limits kLineLimits{64 << 20, 80};

enum class Direction { kFromPrinter, kToPrinter };

std::string_view Name(Direction direction);

// Reports and acknowledgements come from printers; all else of the printers' topics goes to them.
Direction DirectionOf(std::string_view topic);

// Bytes that were withheld, and what is said of them.
struct Withheld {
  int64_t bytes = 0;
  std::string fingerprint;
};

struct Message {
  std::optional<WallTime> at;
  std::optional<int64_t> offset_ms;  // since the capture's begin, by a clock that nobody sets
  std::string topic;
  std::optional<int> qos;  // none: the broker delivers with the subscriber's
  bool retained = false;
  std::variant<std::string, Withheld> payload;
};

// Without a newline.
std::string LineOf(const Message& message);

// What a capture says of a printer in it.
struct CapturedPrinter {
  std::string printer_id;
  std::string model;     // "" when it is not known
  std::string firmware;  // "" when it is not known
};

struct Header {
  std::string tool;
  WallTime started_at;
  std::vector<CapturedPrinter> printers;
  std::vector<std::string> redacted;  // empty: nothing was
};

std::string LineOf(const Header& header);

// A line that carries no message: empty, a comment (#), a header.
struct NoMessage {};

using ParsedLine = std::variant<Message, NoMessage, Error>;

// Besides our own lines: any JSON object with `topic` and `payload` (what `mosquitto_sub -F %j` and
// `-F %J` write among them; a payload that is a string is the bytes themselves), and
// "topic payload" as `mosquitto_sub -v` writes it.
ParsedLine ParseLine(std::string_view line, json::Parser& parser);

}  // namespace printfleet::capture
