// A message as a capture may give it away: types, words, numbers and file names stay, what
// sensitive.h names does not. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "capture/message.h"
#include "capture/scrub.h"

namespace printfleet::capture {

struct RedactOptions {
  std::string salt;  // random, of this capture alone, at least 16 bytes
  bool redact_filenames = false;
};

// Not thread-safe.
class Redactor {
 public:
  explicit Redactor(const RedactOptions& options)
      : scrubber_(Pseudonyms(options.salt), options.redact_filenames) {}

  // Topic and payload. The printer's id in the topic is known from then on.
  void Redact(Message& message);

  // The stand-in for a printer's id.
  std::string PrinterId(std::string_view id);

 private:
  // Where a value stands: what its member's name, or that of an object around it, says of it.
  struct Place {
    Sensitivity sensitivity = Sensitivity::kNone;
    int texts = 0;  // JSON in a string in JSON …
  };

  std::string Topic(std::string_view topic);
  void Append(json::Value value, Place place, std::string& out) const;
  void AppendObject(json::Value object, Place place, std::string& out) const;
  void AppendNumber(json::Value number, Place place, std::string& out) const;
  [[nodiscard]] std::string Text(std::string_view text, Place place) const;

  Scrubber scrubber_;
  json::Parser parser_;
};

}  // namespace printfleet::capture
