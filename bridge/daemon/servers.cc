#include "daemon/servers.h"

#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "base/log.h"
#include "broker/output.h"
#include "broker/probe.h"
#include "child/install.h"
#include "child/lock.h"
#include "child/run.h"
#include "daemon/clock.h"
#include "daemon/commands.h"
#include "daemon/notify.h"
#include "daemon/signals.h"

namespace printfleet::daemon {
namespace {

// Asks the broker's readiness socket without waiting; one probe over several calls.
class BrokerProbe {
 public:
  bool Ready(const std::string& socket_path) {
    if (!probe_) {
      auto begun = broker::ReadyProbe::Begin(socket_path);
      if (!begun.ok()) {
        return false;
      }
      probe_ = std::move(*begun);
    }
    pollfd polled{probe_->fd(), POLLIN, 0};
    if (::poll(&polled, 1, 0) <= 0) {
      return false;
    }
    const broker::ProbeState state = probe_->OnReadable();
    if (state != broker::ProbeState::kPending) {
      probe_.reset();
    }
    return state == broker::ProbeState::kReady;
  }

 private:
  std::optional<broker::ReadyProbe> probe_;
};

// initdb on the first start, then the server.
Result<store::ManagedCluster> PrepareDatabase(const settings::Settings& settings) {
  auto cluster = store::PrepareCluster(settings);
  if (!cluster.ok() || !cluster->init) {
    return cluster;
  }
  LogInfo("database", "making a new cluster", {{"directory", cluster->cluster_dir}});
  const auto finished = child::RunToEnd(*cluster->init);
  if (!finished.ok()) {
    return finished.error();
  }
  if (!finished->status.clean()) {
    std::string output;
    for (const std::string& line : finished->output) {
      output += line + "; ";
    }
    return Error{Errc::kUnavailable, "initdb: " + finished->status.Text() + ": " + output};
  }
  if (const Status whole = store::FinishInit(*cluster); !whole.ok()) {
    return whole.error();
  }
  return store::PrepareCluster(settings);
}

bool Held(const std::string& lock_path) {
  const auto holder = child::FindHolder(lock_path);
  return holder.ok() && holder->has_value();
}

// Of the section `broker` or `database`.
template <typename Section>
void TakeTimes(const Section& section, child::RestartPolicy& policy) {
  policy.start_timeout = section.start_timeout;
  policy.stop_timeout = section.stop_timeout;
  policy.backoff_max = section.restart_wait_max;
}

// What a server alone tells systemd: ready when it serves, and alive as its loop turns.
class Reporter {
 public:
  void Turn(const Server& server, const Instant& now) {
    notify_.Alive(now);
    const std::string status = server.ready()             ? "ready"
                               : server.trouble().empty() ? "starting"
                                                          : "starting: " + server.trouble();
    if (stopping_ || status == said_) {
      return;
    }
    said_ = status;
    server.ready() ? notify_.Ready(status) : notify_.Status(status);
  }

  void Stopping() {
    stopping_ = true;
    notify_.Stopping();
  }

 private:
  Notify notify_;
  std::string said_;
  bool stopping_ = false;
};

// A server alone, in the foreground, until SIGTERM or SIGINT.
int RunAlone(Server& server) {
  const SignalFd signals;
  Reporter reporter;
  server.Start(Now());
  bool stopping = false;
  while (!stopping || !server.stopped()) {
    PollSet polls;
    polls.Add(signals.fd(), POLLIN, [&](short) {
      while (const int signal = signals.Take()) {
        if (signal == SIGHUP) {
          server.Signal(SIGHUP);
        } else if (!stopping) {
          stopping = true;
          reporter.Stopping();
          server.Stop(Now());
        }
      }
    });
    server.AddTo(polls);
    const Instant now = Now();
    const MonoTime due = server.NextDeadline().value_or(now.mono + seconds(1));
    polls.Wait(std::clamp(due - now.mono, milliseconds(0), milliseconds(1000)));
    server.Turn(Now());
    reporter.Turn(server, Now());
  }
  return 0;
}

}  // namespace

std::unique_ptr<Server> MakeBroker(const settings::Settings& settings, const settings::Users& users,
                                   std::function<void(const broker::Launch&)> on_ready,
                                   std::function<void(std::string_view)> on_line) {
  auto launch = std::make_shared<broker::Launch>();
  auto probe = std::make_shared<BrokerProbe>();
  Server::Parts parts;
  parts.name = "broker";
  parts.prepare = [&settings, &users, launch]() -> Result<ProcessSpec> {
    auto prepared = broker::Prepare(settings, users, {.log_denied = settings.broker.log_denied});
    if (!prepared.ok()) {
      return prepared.error();
    }
    *launch = std::move(*prepared);
    return launch->process;
  };
  parts.ready = [launch, probe](pid_t) { return probe->Ready(launch->ready_socket); };
  parts.on_ready = [launch, on_ready = std::move(on_ready)] { on_ready(*launch); };
  parts.blocked = [&settings] { return Held(broker::LockPath(settings)); };
  parts.level_of_line = [](std::string_view line) { return broker::LevelOfLine(line); };
  parts.on_line = std::move(on_line);
  child::RestartPolicy policy;
  policy.stop_signals = {SIGTERM};
  TakeTimes(settings.broker, policy);
  return std::make_unique<Server>(std::move(parts), policy);
}

std::unique_ptr<Server> MakeDatabase(const settings::Settings& settings) {
  auto cluster = std::make_shared<store::ManagedCluster>();
  Server::Parts parts;
  parts.name = "database";
  parts.prepare = [&settings, cluster]() -> Result<ProcessSpec> {
    auto prepared = PrepareDatabase(settings);
    if (!prepared.ok()) {
      return prepared.error();
    }
    *cluster = std::move(*prepared);
    return cluster->server;
  };
  parts.ready = [cluster](pid_t pid) { return store::IsClusterReady(*cluster, pid); };
  parts.on_ready = [] {};
  parts.blocked = [&settings] { return Held(store::ManagedLockPath(settings)); };
  child::RestartPolicy policy;
  policy.stop_signals = {SIGINT, SIGQUIT};
  TakeTimes(settings.database, policy);
  return std::make_unique<Server>(std::move(parts), policy);
}

bool SignalOwnBroker(const settings::Settings& settings, int signal) {
  const auto holder = child::FindHolder(broker::LockPath(settings));
  return holder.ok() && *holder && (*holder)->pid > 0 && ::kill((*holder)->pid, signal) == 0;
}

Status MakeDataDir(const std::string& data_dir) {
  namespace fs = std::filesystem;
  std::error_code error;
  const bool made = fs::create_directories(data_dir, error);
  if (error) {
    return Error{Errc::kInvalid, "data_dir " + data_dir + ": " + error.message()};
  }
  if (made) {
    fs::permissions(data_dir, fs::perms(0711), error);
  }
  if (::access(data_dir.c_str(), W_OK | X_OK) != 0) {
    return Error{Errc::kInvalid, "data_dir " + data_dir + ": cannot be written by this user"};
  }
  return Ok{};
}

int RunBroker(const settings::Loaded& loaded) {
  const settings::Settings& settings = loaded.settings;
  auto users = settings::LoadUsers(settings.users_file.empty() ? settings.data_dir + "/users"
                                                               : settings.users_file);
  const Status made = MakeDataDir(settings.data_dir);
  if (!users.ok() || !made.ok()) {
    LogError("broker", !made.ok() ? made.error().message : users.error().message);
    return 2;
  }
  const settings::Users people = std::move(*users);
  const auto server = MakeBroker(settings, people, [](const broker::Launch&) {}, {});
  return RunAlone(*server);
}

int RunDatabase(const settings::Loaded& loaded) {
  if (const Status made = MakeDataDir(loaded.settings.data_dir); !made.ok()) {
    LogError("database", made.error().message);
    return 2;
  }
  const auto server = MakeDatabase(loaded.settings);
  return RunAlone(*server);
}

}  // namespace printfleet::daemon
