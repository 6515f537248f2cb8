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
  for (const auto& [labels, count] : other.field_errors) {
    AddFieldErrors(labels.first, labels.second, count);
  }
  AddMap(jobs, other.jobs);
  AddMap(commands, other.commands);
  AddMap(notifications, other.notifications);
  duplicates += other.duplicates;
  farm_outages += other.farm_outages;
  AddHistogram(job_duration, other.job_duration);
  AddHistogram(command_duration, other.command_duration);
}

void Counters::AddFieldErrors(std::string_view type, std::string_view field, uint64_t count) {
  std::pair<std::string, std::string> labels(type, field);
  if (field_errors.size() >= kFieldErrorLabelsMax && !field_errors.contains(labels)) {
    labels = {"other", "other"};
  }
  field_errors[labels] += count;
}

}  // namespace printfleet::core
