// Effect: what core wants done outside. Rows are committed first; the rest is released, in order,
// after COMMIT returned.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "core/event.h"
#include "core/rows.h"

namespace printfleet::core {

struct Publish {
  // Which of outbound's lanes: stops overtake printers' requests, which overtake the rest.
  enum class Lane : uint8_t { kStop, kPrinter, kFleet };

  std::string topic;
  std::string payload;
  int qos = 1;
  bool retain = false;
  std::optional<uint32_t> expiry_s;  // Message Expiry Interval
  std::string correlation_data;
  Lane lane = Lane::kFleet;
  // Sets a printer going (fleet::SetsGoing): withdrawn where a stop of that printer overtakes it.
  bool sets_going = false;
  // Set for messages whose confirmation core waits for.
  fleet::ExecutionKey execution;
  fleet::PublishToken token = 0;
};

// The answer to an upload, for who waits for it.
struct Reply {
  uint64_t ticket = 0;
  bool ok = false;
  std::string json;  // the artifact, or {"error":…,"reason":…}
};

struct Effects {
  Rows rows;
  std::vector<Publish> publishes;
  std::vector<fleet::Question> questions;
  std::vector<Reply> replies;
  std::vector<fleet::Offer> offers;            // files that printers may fetch from now on
  std::vector<fleet::ExecutionKey> withdrawn;  // and those that they may not any more
  bool library_changed = false;                // an artifact went: its bytes may be needed no more
  std::vector<Notify> notifies;
  bool snapshot_changed = false;  // printers.snapshot must be rewritten
};

// Takes the time it waited between Seal and its release off the publish's expiry. False: nothing is
// left of it, it must not be sent.
bool TakeWaiting(Publish& publish, milliseconds waited);

// Takes out of `publishes` what would set the printers of `stop` going. The executions it was of.
std::vector<fleet::ExecutionKey> TakeOvertaken(std::vector<Publish>& publishes,
                                               const fleet::StopPlan& stop);

}  // namespace printfleet::core
