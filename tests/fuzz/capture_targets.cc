// Lines of a recording: read, explained, redacted and read again.
#include <string>
#include <variant>

#include "base/check.h"
#include "base/text.h"
#include "capture/explain.h"
#include "capture/explain_text.h"
#include "capture/message.h"
#include "capture/redact.h"
#include "tests/fuzz/targets.h"

namespace printfleet::fuzz {
namespace {

constexpr char kSalt[] = "a salt of sixteen bytes and more";

// What is given away is a line again, and of the same kind.
void CheckRedacted(capture::Redactor& redactor, capture::Message message, json::Parser& parser) {
  redactor.Redact(message);
  const auto again = capture::ParseLine(capture::LineOf(message), parser);
  const auto* read = std::get_if<capture::Message>(&again);
  CHECK(read != nullptr && (read->topic == message.topic || !IsCleanUtf8(message.topic)));
  CHECK(read->payload.index() == message.payload.index());
}

}  // namespace

void Recording(std::string_view bytes) {
  static const settings::ErrorCodes kNoCodes;
  capture::Explainer explainer(kNoCodes);
  capture::Redactor redactor({.salt = kSalt});
  json::Parser parser;
  for (int64_t number = 1; !bytes.empty(); ++number) {
    const auto parsed = capture::ParseLine(TakeLine(bytes), parser);
    if (const auto* error = std::get_if<Error>(&parsed)) {
      CHECK(!error->message.empty());
    } else if (const auto* message = std::get_if<capture::Message>(&parsed)) {
      CHECK(!capture::TextOf(explainer.Explain(number, *message)).empty());
      CheckRedacted(redactor, *message, parser);
    }
  }
  CHECK(!capture::TextOf(explainer.Finish()).empty());
}

}  // namespace printfleet::fuzz
