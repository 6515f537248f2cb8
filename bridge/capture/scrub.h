// Texts without what they give away: URLs, addresses, ids and secrets inside a string that a member
// carries or that a topic is made of. Pure.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "capture/pseudonym.h"
#include "capture/sensitive.h"

namespace printfleet::capture {

// What stands for a value that must go.
inline constexpr std::string_view kRedacted = "[redacted]";

class Scrubber {
 public:
  Scrubber(Pseudonyms pseudonyms, bool redact_filenames)
      : pseudonyms_(std::move(pseudonyms)), redact_filenames_(redact_filenames) {}

  // From here on `id` is known for a printer's, in whatever text it turns up.
  void AddId(std::string_view id);

  // `text` as it may be shown; `sensitivity` is what the name of its member says. Linear in time.
  [[nodiscard]] std::string Scrub(std::string_view text, Sensitivity sensitivity) const;

  [[nodiscard]] const Pseudonyms& pseudonyms() const { return pseudonyms_; }

 private:
  class Pass;

  [[nodiscard]] std::string ScrubPath(std::string_view path) const;

  Pseudonyms pseudonyms_;
  bool redact_filenames_;
  std::set<std::string, std::less<>> ids_;      // all that are 32 hex digits, in lower case
  std::set<std::string, std::less<>> odd_ids_;  // the others
};

}  // namespace printfleet::capture
