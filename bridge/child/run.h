// Runs a short-lived program (initdb) to its end. Blocks: before the loop starts only.
#pragma once

#include <string>
#include <vector>

#include "base/process_spec.h"
#include "base/result.h"
#include "child/process.h"

namespace printfleet::child {

struct Finished {
  ExitStatus status;
  std::vector<std::string> output;  // the last kOutputLinesMax lines
};

inline constexpr size_t kOutputLinesMax = 200;

// InstallFiles, Start, and wait at most spec.start_timeout; then it is killed and the error is
// kTimeout. Errors of InstallFiles and Start pass through. A non-zero exit code is a result.
Result<Finished> RunToEnd(const ProcessSpec& spec);

}  // namespace printfleet::child
