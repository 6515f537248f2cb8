// The printers' error codes, as an operator needs them. Source: shared protocol dossier §3.9.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/report.h"

namespace printfleet::printer {

// What a code behind a failed print says of the job.
enum class ErrorKind {
  kFailure,
  kStopped,      // a user's wish: no error
  kInterrupted,  // the printer gave the job up without naming a cause
  kRefused,      // of the request, not of a job that is under way
};

// kFailure for codes we do not know.
ErrorKind KindOfError(int64_t code);

// "" for codes we do not know.
std::string_view ErrorText(int64_t code);

// The code's text with what the printer said of it, cleaned and cut; what there is of both.
std::string ErrorText(const protocol::Envelope& envelope);

}  // namespace printfleet::printer
