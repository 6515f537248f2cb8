#include "core/counters.h"

namespace printfleet::core {
namespace {

template <typename Map>
void AddMap(Map& into, const Map& from) {
  for (const auto& [label, count] : from) {
    into[label] += count;
  }
}

template <typename H>
void AddHistogram(H& into, const H& from) {
  for (size_t i = 0; i < into.counts.size(); ++i) {
    into.counts[i] += from.counts[i];
  }
  into.sum += from.sum;
}

}  // namespace

void Counters::Add(const Counters& other) {
  AddMap(inbound_messages, other.inbound_messages);
  AddMap(dead_letters, other.dead_letters);
  AddMap(field_errors, other.field_errors);
  AddMap(jobs, other.jobs);
  AddMap(commands, other.commands);
  duplicates += other.duplicates;
  AddHistogram(job_duration, other.job_duration);
  AddHistogram(command_duration, other.command_duration);
}

}  // namespace printfleet::core
