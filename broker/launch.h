// From settings to a Mosquitto that can be started: settles ports and secrets in data_dir/broker
// and returns the process as data (child/ carries it out) with the addresses and the daemon's
// credentials.
//
// Reads and writes small files in data_dir/broker, opens no connection, starts nothing. Loop
// thread, before each start (cheap: a port taken meanwhile is seen here, with who took it).
//
// data_dir/broker belongs to the server's user (0700): mosquitto.db, the configuration, access
// lists, password files, copies of the certificates, all 0600. The plain secret (private.secret)
// and the ports are the daemon's. Works below a directory the server's user cannot enter, such as
// root's home: Mosquitto gets the directory as its working directory and only relative names.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/process_spec.h"
#include "base/result.h"
#include "settings/load.h"
#include "settings/settings.h"

namespace printfleet::broker {

// How the daemon itself reaches the broker.
struct PrivateAccessPoint {
  std::string address = "127.0.0.1";
  uint16_t port = 0;
  std::string user;
  std::string password;
};

struct Launch {
  ProcessSpec process;
  PrivateAccessPoint daemon;
  std::vector<settings::BrokerListener> listeners;  // as configured, port 0 replaced
  std::string ready_socket;                         // for ReadyProbe
  std::vector<std::string> warnings;                // for the log
};

struct LaunchOptions {
  bool log_denied = false;
  // The server runs already (lifetime own, or only its files change): ports are read, not checked
  // and not chosen. kUnavailable when they were never chosen.
  bool running = false;
};

// data_dir/broker/server.lock: child::FindHolder(it) says whether a broker of ours runs. Look
// before Prepare: the ports of one that is just stopping would seem taken.
std::string LockPath(const settings::Settings& settings);

// How a second program of the daemon's user reaches the broker that runs now, with the daemon's own
// rights. kUnavailable when none has run yet, or its secret may not be read.
Result<PrivateAccessPoint> AccessOfRunning(const settings::Settings& settings);

// Errors: those of CheckListeners and CheckTopicRoot; kConflict for a listener's port that is in
// use; kNotFound for a missing program, user or certificate file. Each says what to do.
Result<Launch> Prepare(const settings::Settings& settings, const settings::Users& users,
                       const LaunchOptions& options);

}  // namespace printfleet::broker
