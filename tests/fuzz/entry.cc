// libFuzzer's way into the one target that PRINTFLEET_FUZZ_TARGET names.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tests/fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  printfleet::fuzz::PRINTFLEET_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}
