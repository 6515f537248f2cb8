// What differs between the models that speak this protocol: the units of a job's figures.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace printfleet::protocol {

// A unit that is not known is nullopt or false: then the figure is not read at all.
struct Dialect {
  std::optional<double> job_time_unit_s;  // of print_time and remain_time
  bool material_in_mm = false;            // supplies_usage
};

// By model id: those of the model registry.
using Dialects = std::map<std::string, Dialect, std::less<>>;

// By the model id of the topic: the registry's, else what is known of the family. The three Kobra 2
// share one dialect until a capture says otherwise.
// Source: shared protocol dossier §2 (print_time …), §7 (ids), §9.
const Dialect& DialectOf(std::string_view model_id, const Dialects& registered);

}  // namespace printfleet::protocol
