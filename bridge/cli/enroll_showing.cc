// printfleet enroll --show: a printer has no lamp that its protocol could light; its fan can be
// heard and seen, moves nothing and heats nothing. Only while it is idle: the selector sees to
// that.
#include <algorithm>
#include <csignal>
#include <ctime>
#include <vector>

#include "cli/conversation.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/request.h"
#include "cli/subcommands.h"

namespace printfleet::cli {
namespace {

constexpr int64_t kFanS = 5;

struct Shown {
  std::string id;
  std::string name;
  std::string state;
};

// What is known of each, in a few lines a person can compare with what stands in front of him.
std::vector<Shown> List(const std::vector<std::string>& documents) {
  std::vector<Shown> printers;
  for (const std::string& document : documents) {
    json::Parser parser;
    const auto state = parser.Parse(document, kResponseLimits);
    if (!state.ok()) {
      continue;
    }
    const auto text = [&](const char* member) {
      return std::string((*state)[member].String().value_or("-"));
    };
    printers.push_back({text("printer_id"), text("name"), text("state")});
    PrintError(text("name") + ": " + text("model") + ", id " + text("printer_id") + ", address " +
               text("address") + ", firmware " + text("firmware") + ", " + text("state") +
               ", last heard " + text("received_at") + "\n");
  }
  return printers;
}

Result<std::vector<Shown>> Ask(const EnrollArguments& arguments) {
  Selectors selectors;
  selectors.printers = arguments.printers;
  selectors.enrolments = {"pending"};
  const auto target = TargetJson(selectors);
  if (!target.ok()) {
    return target.error();
  }
  auto conversation = Conversation::Open(arguments.connection);
  if (!conversation.ok()) {
    return conversation.error();
  }
  ListQuestion question;
  question.command = "printer.list";
  question.items = "printers";
  question.target_json = *target;
  const auto documents = AskList(**conversation, question);
  if (!documents.ok()) {
    return documents.error();
  }
  return List(*documents);
}

// Signals wait while it lives: no fan is left running behind a Ctrl-C.
class PatientSignals {
 public:
  PatientSignals() {
    sigemptyset(&set_);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
      sigaddset(&set_, signal);
    }
    pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }

  ~PatientSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  PatientSignals(const PatientSignals&) = delete;
  PatientSignals& operator=(const PatientSignals&) = delete;

  // True when one came before the time was over.
  [[nodiscard]] bool Wait(int64_t time_s) const {
    const timespec time{static_cast<std::time_t>(time_s), 0};
    return sigtimedwait(&set_, nullptr, &time) > 0;
  }

 private:
  sigset_t set_{};
  sigset_t before_{};
};

int SetFan(const EnrollArguments& arguments, const std::vector<CommandHelp>& commands,
           const std::string& id, const char* value) {
  SendArguments send;
  send.connection = arguments.connection;
  send.command = "fan.set";
  send.values = {std::string("fan_ratio=") + value};
  send.selectors.printers = {id};
  send.selectors.states = {"idle"};
  send.yes = true;
  return Send(send, commands);
}

}  // namespace

int EnrollShowing(const EnrollArguments& arguments, const std::vector<CommandHelp>& commands) {
  const auto printers = Ask(arguments);
  if (!printers.ok()) {
    return Complain(printers.error());
  }
  if (printers->empty()) {
    PrintError("no pending printer is meant\n");
    return kUsage;
  }
  EnrollArguments plain = arguments;
  plain.show = false;
  plain.pending = false;
  plain.printers.clear();
  for (const Shown& printer : *printers) {
    plain.printers.push_back(printer.id);
  }
  if (const int code = Enroll(plain, commands); code != kDone) {
    return code;
  }
  int code = kDone;
  for (const Shown& printer : *printers) {
    if (printer.state != "idle") {
      PrintError(printer.name + ": does not show itself, it is " + printer.state + "\n");
      continue;
    }
    const PatientSignals signals;
    PrintError(printer.name + ": its fan runs for " + std::to_string(kFanS) + " s\n");
    const int on = SetFan(arguments, commands, printer.id, "1");
    const bool interrupted = on == kDone && signals.Wait(kFanS);
    if (on != kDone) {
      PrintError(printer.name + ": does not show itself, it did not answer\n");
    }
    // Also after a failure: the request may have arrived without an answer.
    const int off = SetFan(arguments, commands, printer.id, "0");
    code = std::max({code, on, off});
    if (interrupted) {
      return kInterrupted;
    }
  }
  return code;
}

}  // namespace printfleet::cli
