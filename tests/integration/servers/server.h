// A real server under test, driven as the daemon's loop drives it, and client programs beside it.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "child/install.h"
#include "child/lock.h"
#include "child/process.h"
#include "child/run.h"

namespace printfleet {

inline constexpr std::chrono::seconds kPatience{60};

// Calls `condition` until it is true, handling what poll() finds on `fds` meanwhile.
inline bool Eventually(const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) {
      return false;
    }
    poll(nullptr, 0, 10);
  }
  return true;
}

class Server {
 public:
  static Result<Server> Start(const ProcessSpec& spec) {
    const Status installed = child::InstallFiles(spec);
    if (!installed.ok()) {
      return installed.error();
    }
    Result<child::Process> process = child::Process::Start(spec);
    if (!process.ok()) {
      return process.error();
    }
    return Server(*std::move(process));
  }

  [[nodiscard]] pid_t pid() const { return process_.pid(); }

  // What it has written so far, one string.
  std::string Log() {
    for (const std::string& line : process_.OnOutputReadable()) {
      log_ += line + "\n";
    }
    return log_;
  }

  bool WaitFor(const std::function<bool()>& ready) {
    return Eventually([&] { return HasEnded() || ready(); }) && !HasEnded();
  }

  bool HasEnded() {
    pollfd entry{process_.exit_fd(), POLLIN, 0};
    Log();
    return poll(&entry, 1, 0) == 1;
  }

  void Signal(int signal) { process_.Signal(signal); }

  std::optional<child::ExitStatus> Stop(int signal) {
    process_.Signal(signal);
    return Eventually([this] { return HasEnded(); }) ? std::optional(process_.OnExit())
                                                     : std::nullopt;
  }

 private:
  explicit Server(child::Process process) : process_(std::move(process)) {}

  child::Process process_;
  std::string log_;
};

struct ClientRun {
  int code = -1;
  std::vector<std::string> lines;
  std::string text;
};

// Runs a client program to its end.
inline ClientRun RunClient(const std::string& program, std::vector<std::string> arguments) {
  ProcessSpec spec;
  spec.name = "client";
  spec.program = program;
  spec.arguments = std::move(arguments);
  spec.parent_death_signal = 9;
  Result<child::Finished> finished = child::RunToEnd(spec);
  ClientRun run;
  if (!finished.ok()) {
    run.text = finished.error().message;
    return run;
  }
  run.code = finished->status.clean() ? 0 : finished->status.code;
  run.lines = finished->output;
  for (const std::string& line : run.lines) {
    run.text += line + "\n";
  }
  return run;
}

// A fresh directory below `parent`, removed at the end.
class TempDirectory {
 public:
  explicit TempDirectory(const std::string& parent = std::filesystem::temp_directory_path()) {
    std::string pattern = parent + "/printfleet-servers-XXXXXX";
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
  }

  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;

  ~TempDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace printfleet
