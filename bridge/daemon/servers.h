// The two managed servers as Server parts: how each is prepared, and when it is ready. Also what
// `printfleet broker` and `printfleet database` run in the foreground.
#pragma once

#include <functional>
#include <memory>

#include "broker/launch.h"
#include "daemon/server.h"
#include "settings/load.h"
#include "store/managed.h"

namespace printfleet::daemon {

// `on_ready` gets the launch that became ready, `on_line` each line of the broker's output (may be
// empty). `settings` and `users` must outlive the server.
std::unique_ptr<Server> MakeBroker(const settings::Settings& settings, const settings::Users& users,
                                   std::function<void(const broker::Launch&)> on_ready,
                                   std::function<void(std::string_view)> on_line);

std::unique_ptr<Server> MakeDatabase(const settings::Settings& settings);

// `signal` to the Mosquitto that runs for these settings' data_dir with a life of its own, found by
// its lock. False where there is none, or it is another user's.
bool SignalOwnBroker(const settings::Settings& settings, int signal);

// data_dir, mode 0700, made with its parents if missing. Others may pass through (0711) so that
// the servers' users reach their own folders.
Status MakeDataDir(const std::string& data_dir);

}  // namespace printfleet::daemon
