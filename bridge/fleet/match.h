// What a report says about an execution: the one table of it, a row per command. Pure.
#pragma once

#include <optional>
#include <string>

#include "fleet/handle.h"

namespace printfleet::fleet {

enum class Verdict {
  kNothing,   // about something else
  kShown,     // the printer has the message
  kProgress,  // and goes on with it: renews the deadline
  kProved,
  kRefuted,
};

struct Evidence {
  Verdict verdict = Verdict::kNothing;
  std::optional<int64_t> code;
  std::string message;
  std::string result;  // JSON text, "" for none
};

// Proved by an answer to its own message, not by what the printer is seen to do.
bool IsAnswered(const CommandSpec& spec);

// A refusal with a known code carries that code's text.
// Requires: the report was read live, after the execution's message was handed out.
Evidence Judge(const Request& request, const Execution& execution, const protocol::Report& report,
               const settings::ErrorCodes& error_codes);

// What silence until the deadline means for `execution`.
struct Silence {
  bool succeeded = false;  // print.query of an idle printer
  bool timed_out = false;  // else sent_unconfirmed
  std::string result;
};

Silence JudgeSilence(const Request& request, const Execution& execution,
                     const printer::Printer& printer);

}  // namespace printfleet::fleet
