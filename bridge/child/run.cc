#include "child/run.h"

#include <poll.h>

#include <array>
#include <chrono>

#include "child/install.h"

namespace printfleet::child {

namespace {

void Keep(std::vector<std::string>& output, std::vector<std::string> lines) {
  output.insert(output.end(), std::make_move_iterator(lines.begin()),
                std::make_move_iterator(lines.end()));
  if (output.size() > kOutputLinesMax) {
    output.erase(output.begin(), output.end() - static_cast<std::ptrdiff_t>(kOutputLinesMax));
  }
}

}  // namespace

Result<Finished> RunToEnd(const ProcessSpec& spec) {
  const Status installed = InstallFiles(spec);
  if (!installed.ok()) {
    return installed.error();
  }
  Result<Process> started = Process::Start(spec);
  if (!started.ok()) {
    return started.error();
  }
  Process process = *std::move(started);
  Finished finished;
  const auto until = std::chrono::steady_clock::now() + spec.start_timeout;
  while (true) {
    const auto left =
        std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now()).count();
    if (left <= 0) {
      return Error{Errc::kTimeout, spec.name + ": " + spec.program + " took longer than " +
                                       std::to_string(spec.start_timeout.count()) + " ms"};
    }
    std::array<pollfd, 2> fds{pollfd{process.exit_fd(), POLLIN, 0},
                              pollfd{process.output_fd(), POLLIN, 0}};
    poll(fds.data(), fds.size(), static_cast<int>(left));
    if (fds[1].revents != 0) {
      Keep(finished.output, process.OnOutputReadable());
    }
    if (fds[0].revents != 0) {
      finished.status = process.OnExit();
      Keep(finished.output, process.OnOutputReadable());
      return finished;
    }
  }
}

}  // namespace printfleet::child
