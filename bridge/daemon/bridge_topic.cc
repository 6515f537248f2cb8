#include "daemon/bridge_topic.h"

#include "base/json.h"

namespace printfleet::daemon {

std::string BridgeDocument(std::string_view state, std::string_view reason) {
  json::Writer writer;
  writer.BeginObject().Member("state", state).Key("reason");
  if (reason.empty()) {
    writer.Null();
  } else {
    writer.String(reason);
  }
  writer.Member("version", PRINTFLEET_VERSION).EndObject();
  return writer.Take();
}

}  // namespace printfleet::daemon
