// What the process says to scripts.
#pragma once

namespace printfleet::cli {

inline constexpr int kDone = 0;
inline constexpr int kSomeFailed = 1;
inline constexpr int kUsage = 2;  // or configuration, or refused
inline constexpr int kNotReachable = 3;
inline constexpr int kTimedOut = 4;
inline constexpr int kInterrupted = 130;  // as shells say it

}  // namespace printfleet::cli
