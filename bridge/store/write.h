// A batch as the statements of one transaction. Worker's thread only.
#pragma once

#include <set>

#include "base/result.h"
#include "store/partitions.h"
#include "store/session.h"
#include "store/worker.h"

namespace printfleet::store {

// Nothing to store: such a batch is committed without asking anybody.
bool IsEmpty(const Batch& batch);

// The days whose partitions the batch's rows need.
std::set<Day> DaysOf(const core::Rows& rows);

// Writes all of `batch` and advances the ledger's last_batch_seq to its seq. Of several rows with
// the same key the last one counts. Requires: inside a transaction; the partitions are there.
// Errors: Session's; kConflict when the ledger is already at or past batch.seq.
Status WriteBatch(Session& session, const Batch& batch);

// The 16 bytes of each digest, one after the other; and back (what does not fill 16 is left out).
std::string PackDigests(const std::vector<Digest>& digests);
void UnpackDigests(std::string_view bytes, std::vector<Digest>& digests);

}  // namespace printfleet::store
