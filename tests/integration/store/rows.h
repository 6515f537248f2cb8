// Rows with every member set, for the tests to write and to find again.
#pragma once

#include "store/worker.h"

namespace printfleet::store {

// 2026-03-01T12:00:00.123Z.
WallTime Noon();

core::ReportRow MakeReport(int64_t seq, WallTime received_at = Noon());
core::RegistrationRow MakeRegistration(const PrinterId& id);
core::StatusRow MakeStatus(const PrinterId& id);
printer::Job MakeJob(int64_t id, const PrinterId& printer_id);
core::CommandRow MakeCommand(int64_t id);
fleet::Execution MakeExecution(int64_t command_id, const PrinterId& printer_id);
// Queued, of printer "p1".
core::NotificationRow MakeNotification(int64_t id);

// One row of every kind, of printer "p1", all under `seq`.
Batch MakeFullBatch(int64_t seq);

// Just one audit row, to be found by its author.
Batch MakeAuditBatch(int64_t seq, const std::string& author);

}  // namespace printfleet::store
