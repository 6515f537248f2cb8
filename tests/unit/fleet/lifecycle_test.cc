#include "fleet/lifecycle.h"

#include <gtest/gtest.h>

namespace printfleet::fleet {
namespace {

// Rows: queued … skipped; columns: published shown proved refuted unanswered unproved cancelled
// expired skipped gave_up. "-": nothing changes.
constexpr const char* kMatrix[kExecutionStates][kExecutionEvents] = {
    {"sent", "acknowledged", "succeeded", "failed", "timed_out", "sent_unconfirmed", "cancelled",
     "expired", "skipped", "failed"},
    {"-", "acknowledged", "succeeded", "failed", "timed_out", "sent_unconfirmed", "-", "-", "-",
     "failed"},
    {"-", "-", "succeeded", "failed", "timed_out", "sent_unconfirmed", "-", "-", "-", "failed"},
    {"-", "-", "-", "-", "-", "-", "-", "-", "-", "-"},
    {"-", "-", "-", "-", "-", "-", "-", "-", "-", "-"},
    {"-", "-", "-", "-", "-", "-", "-", "-", "-", "-"},
    {"-", "-", "-", "-", "-", "-", "-", "-", "-", "-"},
    {"-", "-", "-", "-", "-", "-", "-", "-", "-", "-"},
    {"-", "-", "-", "-", "-", "-", "-", "-", "-", "-"},
    {"-", "-", "-", "-", "-", "-", "-", "-", "-", "-"},
};

TEST(Lifecycle, IsExactlyItsTable) {
  for (int state = 0; state < kExecutionStates; ++state) {
    for (int event = 0; event < kExecutionEvents; ++event) {
      const auto next =
          Next(static_cast<ExecutionState>(state), static_cast<ExecutionEvent>(event));
      EXPECT_EQ(next ? Name(*next) : "-", kMatrix[state][event]) << state << " " << event;
    }
  }
}

TEST(Lifecycle, NamesRoundTrip) {
  for (int state = 0; state < kExecutionStates; ++state) {
    const auto value = static_cast<ExecutionState>(state);
    EXPECT_EQ(ParseExecutionState(Name(value)), value);
  }
  EXPECT_FALSE(ParseExecutionState("done"));
}

}  // namespace
}  // namespace printfleet::fleet
