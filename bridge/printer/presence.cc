#include "printer/presence.h"

#include <algorithm>
#include <utility>

#include "printer/flapping.h"

namespace printfleet::printer {
namespace {

void Earlier(std::optional<MonoTime>& deadline, MonoTime other) {
  deadline = deadline ? std::min(*deadline, other) : other;
}

void Suspect(Step& step, OfflineReason of) {
  Printer& printer = step.printer;
  printer.presence = Presence::kSuspect;
  printer.suspected_of = of;
  printer.suspect_deadline = step.mono() + step.context.policy.query_timeout;
  step.change.questions.status = true;
  NotifyPresence(step, "printer_suspect", Name(of));
  CountLoss(step);
}

// Once each time the connection goes from under a job; once a job while the printer flaps.
void NotifyLossOfJob(Step& step) {
  Printer& printer = step.printer;
  if (!printer.job || !printer.job->under_way() || printer.cut_off ||
      (printer.flapping.on() && printer.loss_told == printer.job->id)) {
    return;
  }
  printer.loss_told = printer.job->id;
  step.Notify("printer_offline_mid_print", std::string(Name(printer.offline_reason)),
              printer.job->id);
}

void SetOffline(Step& step) {
  Printer& printer = step.printer;
  printer.presence = Presence::kOffline;
  printer.offline_reason = std::exchange(printer.suspected_of, OfflineReason::kNone);
  printer.suspect_deadline.reset();
  printer.query_sent_at.reset();
  step.change.went_offline = true;
  NotifyPresence(step, "printer_offline", Name(printer.offline_reason));
  NotifyLossOfJob(step);
}

// A printer that came (back): also after an update, so it is asked for everything that its report
// does not say itself.
void AskAll(Step& step, const protocol::Report& report) {
  const auto* ota = std::get_if<protocol::OtaReport>(&report.body);
  step.change.questions.version |= ota == nullptr || ota->step != protocol::OtaStep::kVersion;
  step.change.questions.status |= !std::holds_alternative<protocol::StatusReport>(report.body);
  step.change.questions.job = true;
}

void BeginSession(Step& step, const std::string& address) {
  Printer& printer = step.printer;
  printer.session = SessionState::kAlive;
  if (printer.address != address) {
    printer.address = address;
    step.change.readings_changed = true;
  }
  if (!step.context.live) {
    return;
  }
  if (printer.presence == Presence::kSuspect) {
    ExtendSuspicion(step, step.context.policy.query_timeout);
  } else {
    step.change.questions.status |= !printer.query_sent_at;
  }
}

void EndSession(Step& step, OfflineReason reason) {
  Printer& printer = step.printer;
  printer.session = SessionState::kEnded;
  printer.session_ended_at = step.mono();
  if (!step.context.live) {
    return;
  }
  if (printer.presence == Presence::kSuspect) {
    printer.suspected_of = reason;  // the broker knows better than a will does
    step.change.questions.status = true;
  } else if (printer.presence != Presence::kOffline) {
    Suspect(step, reason);
  }
  printer.query_sent_at.reset();  // nobody is there to answer what was asked before
}

void RefuseSession(Step& step, OfflineReason reason) {
  Printer& printer = step.printer;
  if (printer.presence == Presence::kSuspect) {
    printer.suspected_of = reason;
  } else if (printer.presence == Presence::kOffline && printer.offline_reason != reason) {
    printer.offline_reason = reason;
    step.change.state_changed = true;
  }
}

}  // namespace

bool IsLastWord(const Step& step) {
  const Printer& printer = step.printer;
  return printer.session == SessionState::kEnded &&
         step.context.read_until <= printer.session_ended_at;
}

void HearPrinter(Step& step, const protocol::Report& report) {
  Printer& printer = step.printer;
  const Presence before = printer.presence;
  const bool connected = std::holds_alternative<protocol::LastWillReport>(report.body);
  printer.presence = Presence::kOnline;
  if (printer.session == SessionState::kEnded) {
    printer.session = SessionState::kUnknown;  // there is another one that we were not told of
  }
  printer.offline_reason = OfflineReason::kNone;
  printer.suspected_of = OfflineReason::kNone;
  printer.suspect_deadline.reset();
  printer.last_sign_of_life = step.mono();
  printer.fresh_at = step.mono();
  if (before == Presence::kUnknown || before == Presence::kOffline) {
    step.change.came_online = true;
    NotifyPresence(step, "printer_online", "");
  }
  if (before == Presence::kOffline || (connected && before != Presence::kOnline)) {
    AskAll(step, report);
  } else if (connected && !printer.query_sent_at) {
    step.change.questions.status = true;  // it connected again before we missed it
  }
}

void HearWill(Step& step) {
  const Printer& printer = step.printer;
  if (printer.presence != Presence::kOnline && printer.presence != Presence::kUnknown) {
    return;
  }
  if (printer.session == SessionState::kAlive) {
    step.change.questions.status |= !printer.query_sent_at;
  } else {
    Suspect(step, OfflineReason::kWill);
  }
}

void HearSession(Step& step, const SessionNews& news) {
  switch (news.kind) {
    case SessionNews::Kind::kBegan:
      BeginSession(step, news.address);
      break;
    case SessionNews::Kind::kEnded:
      EndSession(step, news.reason);
      break;
    case SessionNews::Kind::kRefused:
      RefuseSession(step, news.reason);
      break;
    case SessionNews::Kind::kForgotten:
      step.printer.session = SessionState::kUnknown;
      break;
  }
}

void ExtendSuspicion(Step& step, milliseconds patience) {
  Printer& printer = step.printer;
  if (printer.presence == Presence::kSuspect) {
    printer.suspect_deadline = step.mono() + patience;
    printer.query_sent_at.reset();
    step.change.questions.status = true;
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
    Suspect(step, OfflineReason::kSilent);
  }
}

void LosePresence(Step& step) {
  Printer& printer = step.printer;
  printer.presence = Presence::kUnknown;
  printer.offline_reason = OfflineReason::kNone;
  printer.suspected_of = OfflineReason::kNone;
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
