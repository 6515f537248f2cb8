// file/report: lists of files, deletions, the cloud's recommendations. [§3.1]
#pragma once

#include "protocol/message.h"
#include "protocol/report.h"

namespace printfleet::protocol {

FileReport ReadFileReport(const Message& message);

}  // namespace printfleet::protocol
