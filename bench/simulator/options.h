// The command line of printer-sim. Plain data; options.cc is the only file that knows CLI11.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bench/simulator/behaviour.h"
#include "bench/simulator/connection.h"
#include "bench/simulator/faults.h"
#include "bench/simulator/fetch.h"
#include "bench/simulator/identity.h"
#include "bench/simulator/replay.h"

namespace printfleet::simulator {

struct Options {
  std::string host = "127.0.0.1";
  int port = 1883;
  std::uint64_t seed = 1;
  std::string id_prefix;
  bool print_ids = false;
  double connect_rate = 500;
  int reconnect_ms_min = 500;
  int reconnect_ms_max = 15'000;
  bool retain_will = false;
  int will_qos = 1;
  int silent = 0;
  int panel_jobs = 0;
  double panel_pause_s = 0;
  int reply_delay_ms = 0;
  double rate = 0;
  std::int64_t messages = 0;
  std::size_t payload_bytes = 500;
  std::string ledger_file;
  std::string received_file;
  bool control = false;
  double stats_interval_s = 10;
  SessionOptions session;
  Behaviour behaviour;
  FaultOptions faults;
  FetchOptions fetch;
  ReplayOptions replay;
  std::vector<Identity>
      printers;  // made from --printers, --models, --firmware, --seed, --id-prefix
};

struct ParsedOptions {
  Options options;
  int exit_code = -1;  // >= 0: end with it, `text` on stdout (0) or stderr (2)
  std::string text;
};

// Never throws: a wrong command line is exit code 2 and its reason.
ParsedOptions ParseOptions(int argc, const char* const* argv);

// What is needed for one farm of printers.
struct FleetSpec {
  int printers = 1;
  std::string models;    // "K2Pro,K2Plus" in turn, or "K2Pro=10,K2Plus=5"
  std::string firmware;  // "3.1.0,3.0.9", in turn within each model
  std::uint64_t seed = 1;
  std::string id_prefix;
};

// The identities, or an error text in `second`.
std::pair<std::vector<Identity>, std::string> MakeFleet(const FleetSpec& spec);

}  // namespace printfleet::simulator
