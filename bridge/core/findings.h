// Findings: what the facts about one printer mean, and what to do, as sentences for an operator.
#pragma once

#include <string>
#include <vector>

#include "core/diagnose.h"

namespace printfleet::core {

// The facts about one client id.
struct Facts {
  const printer::Printer* printer = nullptr;  // nullptr: no printer of this id
  const Sessions::Client* client = nullptr;   // nullptr: the log has not named it
  std::vector<Sessions::Refusal> refusals;    // that may be of it
  bool status_answered = false;               // since it was asked
  bool version_answered = false;
  bool live = false;  // we hear our own heartbeat
  LogView log = LogView::kNone;
};

// Never empty. The first is the most important.
std::vector<std::string> Findings(const Facts& facts);

}  // namespace printfleet::core
