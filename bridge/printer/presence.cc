#include "printer/presence.h"

#include <algorithm>
#include <utility>

namespace printfleet::printer {
namespace {

constexpr std::string_view kWill = "will";
constexpr std::string_view kSilent = "silent";

void Earlier(std::optional<MonoTime>& deadline, MonoTime other) {
  deadline = deadline ? std::min(*deadline, other) : other;
}

void Suspect(Step& step, std::string_view of) {
  Printer& printer = step.printer;
  printer.presence = Presence::kSuspect;
  printer.suspected_of = of;
  printer.suspect_deadline = step.mono() + step.context.policy.query_timeout;
  step.change.questions.status = true;
  step.Notify("printer_suspect", std::string(of));
}

void SetOffline(Step& step) {
  Printer& printer = step.printer;
  printer.presence = Presence::kOffline;
  printer.offline_reason = std::exchange(printer.suspected_of, "");
  printer.suspect_deadline.reset();
  printer.query_sent_at.reset();
  step.Notify("printer_offline", printer.offline_reason);
}

// A printer that came (back): also after an update, so it is asked for everything that its report
// does not say itself.
void AskAll(Step& step, const protocol::Report& report) {
  const auto* ota = std::get_if<protocol::OtaReport>(&report.body);
  step.change.questions.version |= ota == nullptr || ota->step != protocol::OtaStep::kVersion;
  step.change.questions.status |= !std::holds_alternative<protocol::StatusReport>(report.body);
  step.change.questions.job = true;
}

}  // namespace

void HearPrinter(Step& step, const protocol::Report& report) {
  Printer& printer = step.printer;
  const Presence before = printer.presence;
  const bool connected = std::holds_alternative<protocol::LastWillReport>(report.body);
  printer.presence = Presence::kOnline;
  printer.offline_reason.clear();
  printer.suspected_of.clear();
  printer.suspect_deadline.reset();
  printer.last_sign_of_life = step.mono();
  printer.fresh_at = step.mono();
  if (before == Presence::kUnknown || before == Presence::kOffline) {
    step.Notify("printer_online", "");
  }
  if (before == Presence::kOffline || (connected && before != Presence::kOnline)) {
    AskAll(step, report);
  } else if (connected && !printer.query_sent_at) {
    step.change.questions.status = true;  // it connected again before we missed it
  }
}

void HearWill(Step& step) {
  const Presence presence = step.printer.presence;
  if (presence == Presence::kOnline || presence == Presence::kUnknown) {
    Suspect(step, kWill);
  }
}

std::optional<MonoTime> PresenceDeadline(const Printer& printer, const Policy& policy) {
  std::optional<MonoTime> deadline;
  switch (printer.presence) {
    case Presence::kOffline:
      break;
    case Presence::kSuspect:
      deadline = printer.suspect_deadline;
      break;
    case Presence::kOnline:
      deadline = printer.suspect_deadline;
      if (printer.last_sign_of_life) {
        const MonoTime silent = *printer.last_sign_of_life + policy.silent_after;
        deadline = std::max(silent, deadline.value_or(silent));
      }
      break;
    case Presence::kUnknown:
      deadline = printer.suspect_deadline;
      if (printer.query_sent_at) {
        Earlier(deadline, *printer.query_sent_at + policy.query_timeout);
      }
      break;
  }
  return deadline;
}

void WatchPresence(Step& step) {
  const auto deadline = PresenceDeadline(step.printer, step.context.policy);
  if (!deadline || *deadline > step.mono()) {
    return;
  }
  if (step.printer.presence == Presence::kSuspect) {
    SetOffline(step);
  } else {
    Suspect(step, kSilent);
  }
}

void LosePresence(Step& step) {
  Printer& printer = step.printer;
  printer.presence = Presence::kUnknown;
  printer.offline_reason.clear();
  printer.suspected_of.clear();
  printer.suspect_deadline.reset();
  printer.query_sent_at.reset();
  printer.fresh_at.reset();
  printer.status_answered_at.reset();
}

void RenewPresence(Step& step) {
  Printer& printer = step.printer;
  const Policy& policy = step.context.policy;
  printer.query_sent_at.reset();
  if (printer.presence == Presence::kSuspect) {
    printer.suspect_deadline = step.mono() + policy.query_timeout;
  } else if (printer.presence != Presence::kOffline) {
    printer.suspect_deadline = step.mono() + policy.silent_after;
  }
  Questions& questions = step.change.questions;
  questions.status = true;
  questions.job = true;
  questions.version = printer.registration.firmware.empty();
}

}  // namespace printfleet::printer
