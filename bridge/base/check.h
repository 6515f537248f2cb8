// CHECK: a broken invariant is a bug, so the process ends in every build, with the place and the
// condition in the log; it is restarted and its state is rebuilt from the store. Never for input.
#pragma once

namespace printfleet {

[[noreturn]] void CheckFailed(const char* file, int line, const char* condition);

}  // namespace printfleet

#define CHECK(condition)                                         \
  do {                                                           \
    if (!(condition)) {                                          \
      ::printfleet::CheckFailed(__FILE__, __LINE__, #condition); \
    }                                                            \
  } while (false)
