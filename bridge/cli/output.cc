#include "cli/output.h"

#include <cstdio>

namespace printfleet::cli {
namespace {

void Write(std::FILE* file, std::string_view text) {
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), file));
  static_cast<void>(std::fflush(file));
}

}  // namespace

void Print(std::string_view text) {
  Write(stdout, text);
}

void PrintError(std::string_view text) {
  Write(stderr, text);
}

}  // namespace printfleet::cli
