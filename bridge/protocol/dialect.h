// What differs between the models that speak this protocol: the units of a job's figures.
#pragma once

#include <optional>
#include <string_view>

namespace printfleet::protocol {

// A unit that is not known is nullopt or false: then the figure is not read at all.
struct Dialect {
  std::optional<double> job_time_unit_s;  // of print_time and remain_time
  bool material_in_mm = false;            // supplies_usage
};

// By the model id of the topic. The three Kobra 2 share one dialect until a capture says otherwise.
// Source: shared protocol dossier §2 (print_time …), §7 (ids), §9.
const Dialect& DialectOf(std::string_view model_id);

}  // namespace printfleet::protocol
