#include "protocol/status_report.h"

#include "protocol/words.h"

namespace printfleet::protocol {
namespace {

// "idle": info of a Kobra 3 Max. Source: tests/fixtures/captures/kobra_3_max.jsonl
constexpr std::array<Word<WorkState>, 5> kWords{{{"free", WorkState::kFree},
                                                 {"idle", WorkState::kFree},
                                                 {"busy", WorkState::kBusy},
                                                 {"FREE", WorkState::kFree},
                                                 {"BUSY", WorkState::kBusy}}};

}  // namespace

WorkState WorkStateOf(std::string_view word) {
  return MeaningOf(kWords, word).value_or(WorkState::kUnknown);
}

StatusReport ReadStatusReport(const Message& message) {
  // The firmware's own table has the words as actions too.
  return {.work = message.State(kWords, WorkStateOf(message.envelope.action))};
}

}  // namespace printfleet::protocol
