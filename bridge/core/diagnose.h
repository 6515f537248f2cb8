// The answer to printer.diagnose: what is known of a printer, or of a client that never became one,
// and in plain words what to do. Pure.
#pragma once

#include <string>

#include "core/sessions.h"
#include "fleet/world.h"
#include "settings/settings.h"

namespace printfleet::core {

// What of the broker's log reaches us.
enum class LogView {
  kNone,           // another's broker
  kWithoutTopics,  // a managed broker with a life of its own: no refused topics
  kAll,
};

struct DiagnosisInput {
  const fleet::World& world;
  const Sessions& sessions;
  LogView log = LogView::kNone;
  Instant began;  // when the printers were asked
  seconds listened{0};
};

// One element of the answer's `printers`.
std::string DiagnosisJson(const DiagnosisInput& input, const PrinterId& id);

LogView LogViewOf(const settings::Broker& broker);

std::string_view Name(LogView view);

}  // namespace printfleet::core
