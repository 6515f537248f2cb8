#include "core/rows.h"

namespace printfleet::core {

bool Rows::empty() const {
  return reports.empty() && telemetry.empty() && registrations.empty() && statuses.empty() &&
         jobs.empty() && job_events.empty() && events.empty() && dead_letters.empty() &&
         file_deletions.empty() && file_lists.empty() && commands.empty() && executions.empty() &&
         job_marks.empty() && artifacts.empty() && offers.empty() && downloads.empty() &&
         audit.empty() && notifications.empty() && !ledger;
}

}  // namespace printfleet::core
