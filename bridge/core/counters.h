// Counters: what metrics count of core. Added up in the batch, made total when it is merged, so
// that nothing is counted that was not stored.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "base/histogram.h"

namespace printfleet::core {

struct Counters {
  std::map<std::string, uint64_t> inbound_messages;  // by result: report, request, duplicate …
  std::map<std::string, uint64_t> dead_letters;      // by reason
  std::map<std::string, uint64_t> field_errors;      // by type
  std::map<std::pair<std::string, std::string>, uint64_t> jobs;      // by model, outcome
  std::map<std::pair<std::string, std::string>, uint64_t> commands;  // by command, result
  uint64_t duplicates = 0;
  JobHistogram job_duration;
  LatencyHistogram command_duration;

  void Add(const Counters& other);
};

}  // namespace printfleet::core
