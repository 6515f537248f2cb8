// Counters: what metrics count of core. Added up in the batch, made total when it is merged, so
// that nothing is counted that was not stored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/histogram.h"

namespace printfleet::core {

// How many pairs of type and field are counted apart: more than our readers know, and so a limit
// that only a mistake would meet.
constexpr size_t kFieldErrorLabelsMax = 500;

struct Counters {
  std::map<std::string, uint64_t> inbound_messages;  // by result: report, request, duplicate …
  std::map<std::string, uint64_t> dead_letters;      // by reason
  // By the type and the field of reports, both of closed sets: Report::type, and
  // PathWithoutIndices of what readers ask for.
  std::map<std::pair<std::string, std::string>, uint64_t> field_errors;
  std::map<std::pair<std::string, std::string>, uint64_t> jobs;           // by model, outcome
  std::map<std::pair<std::string, std::string>, uint64_t> commands;       // by command, result
  std::map<std::pair<std::string, std::string>, uint64_t> notifications;  // by target, result
  uint64_t duplicates = 0;
  uint64_t farm_outages = 0;
  JobHistogram job_duration;
  LatencyHistogram command_duration;

  void Add(const Counters& other);
  // Beyond kFieldErrorLabelsMax, type and field count as "other".
  void AddFieldErrors(std::string_view type, std::string_view field, uint64_t count);
};

}  // namespace printfleet::core
