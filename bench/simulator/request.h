// What reaches a printer: the topic's form and the JSON envelope. Pure. Strict on purpose: a real
// printer may forgive what is refused here, the daemon's tests must not.
#pragma once

#include <rapidjson/document.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bench/simulator/identity.h"

namespace printfleet::simulator {

enum class Verdict {
  kAccepted,   // understood, and answered unless a fault or the protocol says silence
  kMalformed,  // answered with code 10110
  kWrongForm,  // topic form of the other firmware generation: ignored
  kUnknown,    // no such command: ignored
  kDuplicate,  // the same msgid again through an overlapping filter: ignored
  kIgnored,    // understood, ignored on purpose (a fault)
};

// The word for the log of received requests.
const char* VerdictWord(Verdict verdict);

struct RequestTopic {
  std::string type;
  std::string action;  // empty in the short form
};

// Nothing where the topic is not a request to this printer in the form its firmware listens to.
std::optional<RequestTopic> ParseRequestTopic(std::string_view topic, const Identity& identity);

struct Request {
  std::string type;
  std::string action;
  std::string msgid;
  rapidjson::Document body;

  // The data object; null where it is absent or null.
  [[nodiscard]] const rapidjson::Value* data() const;
};

// Fills what can be read of `payload` into `request`. Returns "" or what is wrong with it. With
// `lenient`, msgid and timestamp may be missing, as in hand-written samples.
std::string ParseRequest(std::string_view payload, const RequestTopic& topic, bool lenient,
                         Request& request);

// A member of an object; nothing where `object` is null or the member is absent or of another type.
std::optional<std::string> StringMember(const rapidjson::Value* object, const char* name);
std::optional<std::int64_t> IntMember(const rapidjson::Value* object, const char* name);
std::optional<double> NumberMember(const rapidjson::Value* object, const char* name);

// 32 hexadecimal digits, either case.
bool IsMd5(std::string_view text);

// A task id as requests carry it: decimal digits, or "-1" for the current job.
bool IsTaskId(std::string_view text);

}  // namespace printfleet::simulator
