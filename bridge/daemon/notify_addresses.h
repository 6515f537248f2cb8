// Where the targets of `notify` are: their URLs and headers, out of the files that hold them.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "notify/sender.h"
#include "settings/notify.h"

namespace printfleet::daemon {

// Errors name the target and the key, never what stands in the file.
Result<notify::Address> NotifyAddress(const settings::NotifyTarget& target);
Result<std::vector<notify::Address>> NotifyAddresses(const settings::Notify& notify);

// Local time's offset to UTC at `now`, which quiet hours go by.
seconds UtcOffset(WallTime now);

}  // namespace printfleet::daemon
