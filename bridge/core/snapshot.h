// `data_dir/printers.snapshot`: what a stop needs to find its printers when the store is away.
// One JSON object a line. Pure; the daemon reads and writes the file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "printer/printer.h"

namespace printfleet::core {

// The line of one printer, with its newline.
std::string SnapshotLine(const printer::Registration& registration);

// All printers of a snapshot; lines that cannot be read are left out.
std::vector<printer::Registration> ReadSnapshot(std::string_view text);

}  // namespace printfleet::core
