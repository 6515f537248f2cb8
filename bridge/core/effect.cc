#include "core/effect.h"

#include <algorithm>
#include <set>

namespace printfleet::core {

bool TakeWaiting(Publish& publish, milliseconds waited) {
  if (!publish.expiry_s) {
    return true;
  }
  const auto gone = std::chrono::floor<seconds>(waited).count();
  if (gone >= static_cast<int64_t>(*publish.expiry_s)) {
    return false;
  }
  *publish.expiry_s -= static_cast<uint32_t>(std::max<int64_t>(0, gone));
  return true;
}

std::vector<fleet::ExecutionKey> TakeOvertaken(std::vector<Publish>& publishes,
                                               const fleet::StopPlan& stop) {
  std::set<fleet::ExecutionKey> overtaken;
  std::set<PrinterId> stopped;
  for (const fleet::Outgoing& outgoing : stop.outgoing) {
    stopped.insert(outgoing.printer_id);
  }
  std::erase_if(publishes, [&](const Publish& publish) {
    const bool taken = publish.sets_going && stopped.contains(publish.execution.printer_id);
    if (taken) {
      overtaken.insert(publish.execution);
    }
    return taken;
  });
  return {overtaken.begin(), overtaken.end()};
}

}  // namespace printfleet::core
