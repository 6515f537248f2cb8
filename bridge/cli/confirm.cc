#include "cli/confirm.h"

#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <iostream>

#include "cli/output.h"

namespace printfleet::cli {
namespace {

constexpr std::chrono::milliseconds kTurn{200};

}  // namespace

bool CanAsk() {
  return isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0;
}

bool Confirmed(Conversation& conversation, const std::string& question) {
  PrintError(question + " [y/N] ");
  pollfd input{STDIN_FILENO, POLLIN, 0};
  while (poll(&input, 1, 0) == 0) {
    const auto interrupted = conversation.Idle(kTurn);
    if (!interrupted.ok()) {
      Complain(interrupted.error());
      return false;
    }
    if (*interrupted) {
      return false;
    }
  }
  std::string answer;
  return static_cast<bool>(std::getline(std::cin, answer)) && (answer == "y" || answer == "yes");
}

}  // namespace printfleet::cli
