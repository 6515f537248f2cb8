// What the judges of match.cc share, and those of the type "print". Pure.
#pragma once

#include "fleet/match.h"

namespace printfleet::fleet {

constexpr size_t kResultBytesMax = size_t{64} * 1024;  // of an execution's result

// What a judge looks at.
struct Case {
  const Request& request;
  const Execution& execution;
  const protocol::Report& report;
  bool echoed;  // the report carries the msgid of our message
  const settings::ErrorCodes& error_codes;

  template <typename Body>
  [[nodiscard]] const Body* As() const {
    return std::get_if<Body>(&report.body);
  }
};

// An Evidence with the report's code and text.
Evidence Says(Verdict verdict, const protocol::Report& report, std::string result = "");
Evidence Proved(const protocol::Report& report, std::string result = "");
Evidence Refuted(const protocol::Report& report, std::string_view fallback = "the printer refused");

// State "failed", or an error's code.
bool IsFailure(const Case& c);
bool IsOkWord(std::string_view state);

Evidence JudgeStart(const Case& c);
Evidence JudgePause(const Case& c);
Evidence JudgeResume(const Case& c);
Evidence JudgeStop(const Case& c);
Evidence JudgeCancel(const Case& c);
Evidence JudgeUpdate(const Case& c);
Evidence JudgeFan(const Case& c);
Evidence JudgeQuery(const Case& c);
Evidence JudgeSliceParams(const Case& c);
Evidence JudgeMapTask(const Case& c);

}  // namespace printfleet::fleet
