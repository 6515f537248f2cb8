// Words on standard output and standard error. Nothing can be done where they cannot be written.
#pragma once

#include <string_view>

namespace printfleet::cli {

// Results. Written through at once: the reader may be a program.
void Print(std::string_view text);

// What is said beside the results: progress, hints, complaints.
void PrintError(std::string_view text);

}  // namespace printfleet::cli
