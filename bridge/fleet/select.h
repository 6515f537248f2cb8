// Target -> printers. Pure.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "fleet/handle.h"

namespace printfleet::fleet {

struct Selection {
  std::vector<PrinterId> printers;  // by name, then id: the order of sending
  std::string target_hash;          // SHA-256 over the sorted ids
};

// Printers that every selector of `target` names, without `exclude`, cut by percent, then limit.
// Retired printers are left out unless `enrolment` asks for them. Rejects names of printers and
// models that nobody knows, also in `exclude`.
std::variant<Selection, Rejection> Select(const World& world, const Rules& rules,
                                          const Target& target);

// A model at `path` of the request that the registry does not know.
Rejection UnknownModel(const Rules& rules, const std::string& path, const std::string& model);

std::string TargetHash(std::vector<PrinterId> printers);

// By id, or by name; nullptr for none, also for a retired printer's name.
const printer::Printer* FindPrinter(const World& world, const std::string& id_or_name);

}  // namespace printfleet::fleet
