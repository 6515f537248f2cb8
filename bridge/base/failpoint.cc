#include "base/failpoint.h"

#ifdef PRINTFLEET_FAILPOINTS

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>
#include <string>

#include "base/log.h"

namespace printfleet {
namespace {

constexpr int kPauseStepMs = 2;
constexpr int kPauseStepsMax = 60'000 / kPauseStepMs;

struct Passes {
  std::string armed;  // the file's text
  int64_t count = 0;
};

// "" when no test has named one.
const std::string& Directory() {
  static const std::string directory = [] {
    const char* named = std::getenv("PRINTFLEET_FAILPOINT_DIR");
    return std::string(named == nullptr ? "" : named);
  }();
  return directory;
}

// Is this the pass that the file's text means?
bool IsDue(const std::string& name, const std::string& armed, int64_t skip) {
  static std::mutex mutex;
  static std::map<std::string, Passes> all;
  const std::lock_guard lock(mutex);
  Passes& passes = all[name];
  if (passes.armed != armed) {
    passes = {armed, 0};
  }
  return passes.count++ == skip;
}

void WaitUntilGone(const std::string& path) {
  for (int step = 0; step < kPauseStepsMax && ::access(path.c_str(), F_OK) == 0; ++step) {
    ::poll(nullptr, 0, kPauseStepMs);
  }
}

}  // namespace

bool PassFailpoint(const char* name) {
  if (Directory().empty()) {
    return false;
  }
  const std::string path = Directory() + "/" + name;
  std::ifstream file(path);
  std::string armed;
  if (!file || !std::getline(file, armed)) {
    return false;
  }
  std::istringstream words(armed);
  std::string action;
  int64_t skip = 0;
  if (!(words >> action >> skip) || !IsDue(name, armed, skip)) {
    return false;
  }
  LogInfo("failpoint", name, {{"action", action}});
  if (action != "pause") {
    ::unlink(path.c_str());
  }
  std::ofstream(path + ".reached") << armed << '\n';
  if (action == "kill") {
    ::kill(::getpid(), SIGKILL);
  } else if (action == "pause") {
    WaitUntilGone(path);
  }
  return action == "error";
}

}  // namespace printfleet

#endif
