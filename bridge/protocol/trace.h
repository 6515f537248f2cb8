// Trace: what a decode read of a message and what it did not. For `printfleet explain`.
//
// Paths are of names as sent (bytes); elements of lists share one: "data.records[].size".
#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace printfleet::protocol {

struct Trace {
  // Members that were looked at, in that order; the report's field_errors say which of them could
  // not be taken.
  std::vector<std::string> read;
  // Members that nobody looked at, sorted; without what is inside of them.
  std::vector<std::string> ignored;
  // "state: foo", "action: bar", "type: baz": words that this layer has no meaning for.
  std::vector<std::string> unknown_words;
};

// Fills trace.ignored: every member of `message` that trace.read lacks. What is inside of the
// members at `taken_whole` was taken with them.
void FindIgnored(json::Value message, const std::vector<std::string>& taken_whole, Trace& trace);

}  // namespace printfleet::protocol
