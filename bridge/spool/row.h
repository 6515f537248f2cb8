// One entry as a row of the file, and back. Spool's thread.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"
#include "spool/database.h"
#include "spool/spool.h"

namespace printfleet::spool {

struct Row {
  Entry entry;
  std::optional<int64_t> doubt;
};

// Which boots the file's monotonic times are of, and what they are in this one's.
struct Boots {
  int64_t current = 0;  // its number in the file
  Instant now;          // of this boot
};

bool IsRecord(const Item& item);

// What it takes on the disk, roughly.
int64_t BytesOf(const Item& item);

// Binds all parameters of kInsert; `entry` must live until the Step.
void BindRow(Statement& statement, const Entry& entry, std::optional<int64_t> doubt, int64_t boot);

// The row that a statement over all columns (spool/statements.h) stands on. kMalformed: it is not
// one that was written.
Result<Row> ReadRow(const Statement& statement, const Boots& boots);

}  // namespace printfleet::spool
