// What Mosquitto 2.0.11's own log says of its clients. Pure but for the memory of a few lines: the
// broker names a refused client "<unknown>", and only the lines before tell its address.
//
// Client ids and user names are chosen by strangers and stand in the lines unescaped. So only ids
// without blanks are taken, and only lines that match from their first character to their last;
// an id that imitates a line then has a blank, and the real end of the line behind it gives it
// away. What is not understood is no note.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "core/broker_note.h"

namespace printfleet::broker {

class LogReader {
 public:
  // One line, without its newline and without a time in front.
  std::optional<core::BrokerNote> Read(std::string_view line);

 private:
  std::optional<core::BrokerNote> ReadClient(std::string_view rest);
  core::BrokerNote Refused(printer::OfflineReason reason);
  void Accepted(std::string_view address_and_port);
  void Known(std::string_view address_and_port);

  std::deque<std::string> waiting_;  // "address:port" of connections that are no session yet
  std::string tls_trouble_;          // what OpenSSL said of the one that is refused next
  std::string refused_address_;      // where the last refusing CONNACK went (`log_type debug`)
};

}  // namespace printfleet::broker
