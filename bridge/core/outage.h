// Outage: many printers lost at once, while we hear ourselves: a power cut or a dead network, not
// so many dead printers. Begins when fleet.outage_percent of the printers that were online (and at
// least fleet.outage_printers_min) went offline within fleet.outage_window; is over when all are
// back, or that share of them and no other for one more window. Pure values.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "settings/settings.h"

namespace printfleet::core {

struct Outage {
  struct Loss {
    PrinterId printer;
    Instant at;
  };

  std::vector<Loss> recent;       // oldest first; while there is no outage
  std::optional<WallTime> since;  // an outage is on
  int64_t of = 0;                 // printers that were online before it
  std::set<PrinterId> lost;
  std::set<PrinterId> missing;  // of those, not back yet
  MonoTime last_return;

  [[nodiscard]] bool on() const { return since.has_value(); }
};

void LosePrinter(Outage& outage, const PrinterId& printer, const Instant& now);
void ReturnPrinter(Outage& outage, const PrinterId& printer, const Instant& now);

// Are so many lost that it is worth counting who is `online`?
bool MayBegin(const Outage& outage, const settings::Fleet& rules, const Instant& now);
// Turns the recent losses into an outage; false: they are none.
bool Begin(Outage& outage, int64_t online, const settings::Fleet& rules, const Instant& now);

// When the outage is over if nobody else comes back; nullopt: not yet, or there is none.
std::optional<MonoTime> OverAt(const Outage& outage, const settings::Fleet& rules);

}  // namespace printfleet::core
