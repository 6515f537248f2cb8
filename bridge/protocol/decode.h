// bytes -> Report. Pure; called by core for every message of the reports session.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/json.h"
#include "base/result.h"
#include "protocol/dialect.h"
#include "protocol/report.h"
#include "protocol/topics.h"
#include "protocol/trace.h"

namespace printfleet::protocol {

// Why a message is no report. The names are dead_letters.reason and a metric's label: closed.
enum class Undecodable { kForeignTopic, kOversize, kTooDeep, kNotJson, kNotObject };

std::string_view Name(Undecodable reason);

struct DecodeFailure {
  Undecodable reason;
  std::string message;
};

// Keeps its JSON parser's buffers between messages, and in them the text of the last Report.
// Not thread-safe.
class Decoder {
 public:
  explicit Decoder(json::Limits limits, Dialects dialects = {})
      : limits_(limits), dialects_(std::move(dialects)) {}

  // A type, action or word we do not know is a Report, never a failure. Tolerates all of the
  // dossier's §2 and §8: absent, null or mistyped fields, "" types, \/ escapes, other spellings.
  // The Report is valid until the next call; it needs `topic` and `payload` no longer.
  std::variant<Report, DecodeFailure> Decode(std::string_view topic, std::string_view payload);

  // The same, and `trace` (emptied first) says what of the message was read. Slower.
  std::variant<Report, DecodeFailure> DecodeTraced(std::string_view topic, std::string_view payload,
                                                   Trace& trace);

 private:
  std::variant<Report, DecodeFailure> Decode(std::string_view topic, std::string_view payload,
                                             Trace* trace);

  json::Limits limits_;
  Dialects dialects_;
  json::Parser parser_;
};

}  // namespace printfleet::protocol
