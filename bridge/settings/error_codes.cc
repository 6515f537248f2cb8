#include "settings/error_codes.h"

#include <array>

#include "settings/load.h"
#include "settings/reader.h"

namespace printfleet::settings {
namespace {

constexpr int64_t kCodeMax = 999'999;

constexpr std::array kRetryNames = {std::string_view("never"), std::string_view("after_fix"),
                                    std::string_view("once_after_1500_ms"),
                                    std::string_view("again")};

void CheckCode(const Section& section, const ErrorCode& code, const ErrorCodes& codes) {
  for (const auto& key : {"code", "kind", "text", "advice", "retry", "source"}) {
    if (!section.Has(key)) {
      section.Error("", std::string(key) + " is missing");
    }
  }
  if (codes.Find(code.code) != nullptr) {
    section.Error("code", std::to_string(code.code) + " is here twice");
  }
}

void ReadCode(Section section, ErrorCodes& codes) {
  ErrorCode code;
  section.Integer("code", {1, kCodeMax}, code.code);
  section.Word<ErrorKind>("kind",
                          {{"failure", ErrorKind::kFailure},
                           {"interrupted", ErrorKind::kInterrupted},
                           {"stopped", ErrorKind::kStopped},
                           {"refused", ErrorKind::kRefused},
                           {"notice", ErrorKind::kNotice}},
                          code.kind);
  section.Text("text", code.text);
  section.Text("advice", code.advice);
  section.Word<Retry>("retry",
                      {{Name(Retry::kNever), Retry::kNever},
                       {Name(Retry::kAfterFix), Retry::kAfterFix},
                       {Name(Retry::kOnceAfter1500Ms), Retry::kOnceAfter1500Ms},
                       {Name(Retry::kAgain), Retry::kAgain}},
                      code.retry);
  section.Word<std::string_view>(
      "source", {{"published", "published"}, {"observed", "observed"}, {"inferred", "inferred"}},
      code.source);
  CheckCode(section, code, codes);
  section.Finish();
  if (code.code != 0 && codes.Find(code.code) == nullptr) {
    codes.Add(std::move(code));
  }
}

}  // namespace

std::string_view Name(Retry retry) {
  return kRetryNames[static_cast<size_t>(retry)];
}

ErrorCodes LoadErrorCodes(const std::string& text, const std::string& file,
                          std::vector<Problem>& problems) {
  ErrorCodes codes;
  ReadListFile(
      text, file, "codes", [&codes](Section section) { ReadCode(std::move(section), codes); },
      problems);
  return codes;
}

}  // namespace printfleet::settings
