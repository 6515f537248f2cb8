// status/report: free or busy. [§3.2]
#pragma once

#include <string_view>

#include "protocol/message.h"
#include "protocol/report.h"

namespace printfleet::protocol {

StatusReport ReadStatusReport(const Message& message);

// The word for it, wherever it stands.
WorkState WorkStateOf(std::string_view word);

}  // namespace printfleet::protocol
