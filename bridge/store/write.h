// A batch as the statements of one transaction. Worker's thread only.
#pragma once

#include <memory>
#include <set>
#include <vector>

#include "base/result.h"
#include "store/partitions.h"
#include "store/session.h"
#include "store/worker.h"

namespace printfleet::store {

// Nothing to store: such a batch is committed without asking anybody.
bool IsEmpty(const Batch& batch);

// The days whose partitions the batch's rows need.
std::set<Day> DaysOf(const core::Rows& rows);
std::set<Day> DaysOf(const std::vector<core::ReportRow>& reports);

// A batch is written in this order, inside a transaction, its partitions being there. Errors:
// Session's.

// Advances the ledger's last_batch_seq to `seq`. First, so that a batch that is there already is
// found out before anything else: kConflict when the ledger is at or past it.
Status AdvanceLedger(Session& session, int64_t seq);

// The reports: all at once, or as they come.
Status WriteReports(Session& session, const std::vector<core::ReportRow>& reports);
Result<std::unique_ptr<OpenCopy>> BeginReports(Session& session);
Status AddReports(OpenCopy& copy, const std::vector<core::ReportRow>& reports);

// All but the reports. Of several rows with the same key the last one counts.
Status WriteRest(Session& session, const Batch& batch);

// The 16 bytes of each digest, one after the other; and back (what does not fill 16 is left out).
std::string PackDigests(const std::vector<Digest>& digests);
void UnpackDigests(std::string_view bytes, std::vector<Digest>& digests);

}  // namespace printfleet::store
