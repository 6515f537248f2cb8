#include "protocol/envelope.h"

#include <algorithm>
#include <array>

namespace printfleet::protocol {
namespace {

constexpr std::array<int64_t, 2> kGoodCodes{0, 200};

// Source: shared protocol dossier §3.6, §3.9.
constexpr std::array<int64_t, 5> kAccompanyingCodes{
    501,    // resuming
    601,    // stopped
    603,    // stopped
    1306,   // waiting
    10401,  // paused by the user
};

constexpr Range<int64_t> kEpochMs{1420070400000, 4102444800000};  // 2015 to 2100

}  // namespace

Envelope ReadEnvelope(const Fields& message, std::string_view topic_type) {
  Envelope envelope;
  envelope.type = message.Content("type").value_or(topic_type);
  envelope.action = message.Text("action").value_or("");
  envelope.state = message.Text("state").value_or("");
  envelope.msgid = message.Text("msgid").value_or("");
  envelope.message = message.Text("msg").value_or("");
  envelope.code = message.Int("code", kAnyInt);
  envelope.timestamp = message.Int("timestamp", kAnyInt);
  return envelope;
}

std::optional<WallTime> ReportedAt(const Envelope& envelope) {
  if (!envelope.timestamp || *envelope.timestamp < kEpochMs.min ||
      *envelope.timestamp > kEpochMs.max) {
    return std::nullopt;
  }
  return FromEpochMs(*envelope.timestamp);
}

bool IsErrorCode(int64_t code) {
  return std::ranges::find(kGoodCodes, code) == kGoodCodes.end() &&
         std::ranges::find(kAccompanyingCodes, code) == kAccompanyingCodes.end();
}

}  // namespace printfleet::protocol
