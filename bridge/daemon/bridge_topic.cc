#include "daemon/bridge_topic.h"

#include "base/json.h"

namespace printfleet::daemon {

std::string BridgeDocument(std::string_view state, std::string_view reason,
                           const core::Outage& outage) {
  json::Writer writer;
  writer.BeginObject().Member("state", state).Key("reason");
  if (reason.empty()) {
    writer.Null();
  } else {
    writer.String(reason);
  }
  writer.Member("version", PRINTFLEET_VERSION).Key("farm_outage");
  if (outage.on()) {
    writer.BeginObject()
        .Member("since", FormatIso8601(*outage.since))
        .Member("lost", static_cast<int64_t>(outage.lost.size()))
        .Member("of", outage.of)
        .Member("missing", static_cast<int64_t>(outage.missing.size()))
        .EndObject();
  } else {
    writer.Null();
  }
  writer.EndObject();
  return writer.Take();
}

}  // namespace printfleet::daemon
