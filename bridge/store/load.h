// The store's content as core rebuilds itself from it. Worker's thread only.
#pragma once

#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "base/time.h"
#include "core/loaded.h"
#include "store/session.h"

namespace printfleet::store {

// One consistent view of it. `remember`: how old the requests may be; the newest `remembered_max`
// of them. Errors: Session's; kInternal when a row cannot be understood (somebody else wrote it).
Result<core::Loaded> Load(Session& session, milliseconds remember, int64_t remembered_max);

// The digests of all batches that are kept, oldest first.
Result<std::vector<Digest>> LoadDigests(Session& session);

// The seq of the batch committed last; 0 for none.
Result<int64_t> LastBatchSeq(Session& session);

// Rows of the statements in load.cc's order as values; pure.
Result<core::LoadedPrinter> ReadPrinter(const SqlRow& row);
Result<printer::Job> ReadJob(const SqlRow& row);
Result<core::CommandRow> ReadCommand(const SqlRow& row);
Result<fleet::Execution> ReadExecution(const SqlRow& row);
Result<fleet::Artifact> ReadArtifact(const SqlRow& row);
Result<core::NotificationRow> ReadNotification(const SqlRow& row);

}  // namespace printfleet::store
