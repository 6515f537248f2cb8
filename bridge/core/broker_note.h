// BrokerNote: one thing that the managed broker's log says of a client. broker/log_reader.h makes
// them of its lines, core/sessions.h remembers them, presence takes them as evidence.
#pragma once

#include <cstdint>
#include <string>

#include "printer/printer.h"

namespace printfleet::core {

struct BrokerNote {
  enum class Kind : uint8_t {
    kConnected,  // client_id has a session, from address
    kReplaced,   // another connection came with client_id: the older one is closed
    kEnded,      // client_id's session ended, for reason
    kRefused,    // a connection from address never became a session, for reason
    kDenied,     // client_id published on a topic (detail) that its access list does not allow
  };

  Kind kind = Kind::kConnected;
  std::string client_id = {};  // "" for kRefused, and for kDenied where it cannot be trusted
  std::string address = {};    // without the port; "" where the log does not tell
  std::string user = {};       // kConnected; "" for none
  std::string protocol = {};   // kConnected: "3.1", "3.1.1" or "5"
  int keep_alive_s = 0;        // kConnected
  printer::OfflineReason reason = printer::OfflineReason::kNone;
  std::string detail = {};  // kRefused: the TLS library's words; kDenied: the topic
};

}  // namespace printfleet::core
