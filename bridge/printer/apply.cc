#include "printer/apply.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "printer/error_text.h"
#include "printer/flapping.h"
#include "printer/job_apply.h"
#include "printer/job_life.h"
#include "printer/presence.h"
#include "printer/state.h"

namespace printfleet::printer {
namespace {

constexpr size_t kVersionBytesMax = 64;
constexpr size_t kTypeBytesMax = 64;

template <typename Value>
void Take(std::optional<Value>& known, const std::optional<Value>& said) {
  if (said) {
    known = said;
  }
}

void Take(std::optional<double>& known, const std::optional<double>& said) {
  if (said && std::isfinite(*said)) {
    known = said;
  }
}

void TakeTemperatures(Readings& readings, const protocol::Temperatures& said) {
  Take(readings.nozzle_temp_c, said.nozzle_c);
  Take(readings.nozzle_target_c, said.nozzle_target_c);
  Take(readings.bed_temp_c, said.bed_c);
  Take(readings.bed_target_c, said.bed_target_c);
}

void TakeFan(Readings& readings, const std::optional<double>& fan_ratio) {
  if (fan_ratio && std::isfinite(*fan_ratio)) {
    readings.fan_ratio = std::clamp(*fan_ratio, 0.0, 1.0);
  }
}

void TakeSettings(Readings& readings, const protocol::PrintSettings& said) {
  TakeFan(readings, said.fan_ratio);
  Take(readings.speed_mode, said.speed_mode);
  Take(readings.z_offset_mm, said.z_offset_mm);
}

void TakeVersion(Step& step, std::string& known, std::optional<std::string_view> said) {
  std::string version = CleanText(said.value_or(known), kVersionBytesMax);
  if (version != known) {
    known = std::move(version);
    step.change.registration_changed = true;
  }
}

void TakeFirmware(Step& step, const std::optional<std::string_view>& said) {
  std::string& firmware = step.printer.registration.firmware;
  const std::string before = firmware;
  if (said && !said->empty()) {
    TakeVersion(step, firmware, said);
  }
  if (firmware != before) {
    step.Notify("firmware_changed", before.empty() ? firmware : before + " -> " + firmware);
  }
}

void ApplyVersions(Step& step, const protocol::OtaReport& ota) {
  Registration& registration = step.printer.registration;
  TakeVersion(step, registration.machine_version, ota.machine_version);
  TakeVersion(step, registration.peripheral_version, ota.peripheral_version);
  TakeFirmware(step, ota.firmware);
}

// One function a report type: what it changes besides presence.
class Body {
 public:
  Body(Step& step, const protocol::Envelope& envelope) : step_(step), envelope_(envelope) {}

  void operator()(const protocol::PrintReport& print) const {
    TakeTemperatures(step_.printer.readings, print.temperatures);
    TakeSettings(step_.printer.readings, print.settings);
    ApplyPrint(step_, print, envelope_);
  }

  void operator()(const protocol::StatusReport& status) const {
    Printer& printer = step_.printer;
    if (step_.context.live && printer.query_sent_at && !IsLastWord(step_)) {
      printer.query_sent_at.reset();
      printer.status_answered_at = step_.mono();
      step_.change.answered_status = true;
    }
    ApplyWork(step_, status.work);
  }

  void operator()(const protocol::TemperatureReport& report) const {
    TakeTemperatures(step_.printer.readings, report.temperatures);
  }

  void operator()(const protocol::FanReport& fan) const {
    TakeFan(step_.printer.readings, fan.fan_ratio);
  }

  void operator()(const protocol::InfoReport& info) const {
    TakeTemperatures(step_.printer.readings, info.temperatures);
    TakeSettings(step_.printer.readings, info.settings);
    TakeFirmware(step_, info.firmware);
    ApplyWork(step_, info.work);
    if (info.project && info.work != protocol::WorkState::kFree) {
      ApplyPrint(step_, *info.project, envelope_);
    }
  }

  void operator()(const protocol::OtaReport& ota) const {
    switch (ota.step) {
      case protocol::OtaStep::kVersion:
        ApplyVersions(step_, ota);
        step_.printer.version_reported_at = step_.mono();
        EndUpdate();
        break;
      case protocol::OtaStep::kStart:
      case protocol::OtaStep::kDownloading:
      case protocol::OtaStep::kUpdating:
        BeginUpdate();
        break;
      case protocol::OtaStep::kSucceeded:
        BeginUpdate();
        step_.ContradictError(false);
        break;
      case protocol::OtaStep::kFailed:
      case protocol::OtaStep::kDownloadFailed:
        step_.NoteError(envelope_.code.value_or(0), ErrorText(step_.context.error_codes, envelope_),
                        false);
        EndUpdate();
        break;
      case protocol::OtaStep::kCanceled:
        EndUpdate();
        break;
      case protocol::OtaStep::kUnknown:
        break;
    }
  }

  // The broker's word that it is gone: see ApplyReport. The printer's, that it connected: the
  // connection was gone before.
  void operator()(const protocol::LastWillReport& report) const {
    step_.printer.cut_off |= report.online;
  }

  // Signs of life, no more.
  template <typename OtherReport>
  void operator()(const OtherReport& /*report*/) const {}

 private:
  void BeginUpdate() const {
    State& state = step_.printer.work_state;
    state = NextState(state, StateInput::kUpdating);
  }

  void EndUpdate() const {
    State& state = step_.printer.work_state;
    const State before = std::exchange(state, NextState(state, StateInput::kUpdateOver));
    step_.change.questions.status |= state != before && step_.context.live;
  }

  Step& step_;
  const protocol::Envelope& envelope_;
};

bool IsOfflineWill(const protocol::Report& report) {
  const auto* will = std::get_if<protocol::LastWillReport>(&report.body);
  return will != nullptr && !will->online;
}

// A fault we know by its code counts whatever report it comes with. Print reports have their own
// rule (job_apply.cc), and what we do not know may be no fault at all.
void NoteFault(Step& step, const protocol::Report& report) {
  const protocol::Envelope& envelope = report.envelope;
  const settings::ErrorCode* code = step.context.error_codes.Find(envelope.code.value_or(0));
  if (code != nullptr && code->kind == settings::ErrorKind::kFailure &&
      !std::holds_alternative<protocol::PrintReport>(report.body)) {
    step.NoteError(code->code, ErrorText(step.context.error_codes, envelope), false);
  }
}

Change Finish(Step& step) {
  KeepJobDeadlines(step);
  return step.Finish();
}

}  // namespace

Policy PolicyOf(const settings::Fleet& fleet) {
  return {fleet.silent_after,
          fleet.query_timeout,
          fleet.job_settle,
          fleet.job_lost_after,
          static_cast<size_t>(fleet.flapping_losses),
          fleet.flapping_window};
}

Change ApplyReport(Printer& printer, const protocol::Report& report, const Context& context) {
  Step step(printer, context);
  if (!printer.received_at) {
    step.change.questions = {true, true, true};
  }
  // What was retained is of any time: yesterday's "printing" must not open a job.
  if (context.retained) {
    return step.Finish();
  }
  const bool will = IsOfflineWill(report);
  if (context.live && will) {
    HearWill(step);
  } else if (context.live && !IsLastWord(step)) {
    HearPrinter(step, report);
  }
  if (will) {
    printer.last_will_at = context.now.wall;
  } else {  // with a will the broker speaks, not the printer
    printer.received_at = context.now.wall;
    printer.last_report_type = CleanText(report.envelope.type, kTypeBytesMax);
    if (const auto reported_at = protocol::ReportedAt(report.envelope)) {
      printer.reported_at = reported_at;
    }
  }
  std::visit(Body(step, report.envelope), report.body);
  NoteFault(step, report);
  return Finish(step);
}

Change ApplyTime(Printer& printer, const Context& context) {
  Step step(printer, context);
  if (context.live) {
    WatchPresence(step);
    WatchFlapping(step);
    WatchJob(step);
  }
  return Finish(step);
}

std::optional<MonoTime> NextDeadline(const Printer& printer, const Policy& policy, bool live) {
  if (!live) {
    return std::nullopt;
  }
  std::optional<MonoTime> next = PresenceDeadline(printer, policy);
  for (const auto& other : {FlappingDeadline(printer, policy), JobDeadline(printer)}) {
    if (other && (!next || *other < *next)) {
      next = other;
    }
  }
  return next;
}

Change ApplySession(Printer& printer, const SessionNews& news, const Context& context) {
  Step step(printer, context);
  HearSession(step, news);
  return Finish(step);
}

Change ApplyPatience(Printer& printer, milliseconds patience, const Context& context) {
  Step step(printer, context);
  ExtendSuspicion(step, patience);
  return Finish(step);
}

Change ApplyDeaf(Printer& printer, const Context& context) {
  Step step(printer, context);
  LosePresence(step);
  return Finish(step);
}

Change ApplyLive(Printer& printer, const Context& context) {
  Step step(printer, context);
  RenewPresence(step);
  RenewFlapping(step);
  RenewJobDeadlines(step);
  return Finish(step);
}

void AdoptJob(Printer& printer, Job job, const Context& context) {
  Step step(printer, context);
  printer.job = std::move(job);
  KeepJobDeadlines(step);
}

Change ApplyStartSent(Printer& printer, Job job, const Context& context) {
  CHECK(job.state == JobState::kRequested);
  Step step(printer, context);
  step.change.job_events.push_back({job.id, Name(job.state), ""});
  PlaceJob(step, std::move(job));
  return Finish(step);
}

Change ApplyRetired(Printer& printer, std::string_view why, const Context& context) {
  Step step(printer, context);
  if (printer.job && printer.job->open()) {
    EndJob(step, JobInput::kDisplaced, {Outcome::kEndedUnknown, std::nullopt, std::string(why)});
  }
  return Finish(step);
}

Change ApplyStartGivenUp(Printer& printer, JobId job_id, std::string_view why,
                         const Context& context) {
  Step step(printer, context);
  if (printer.job && printer.job->id == job_id && printer.job->state == JobState::kRequested) {
    GiveUpJob(step, why);
  }
  return Finish(step);
}

}  // namespace printfleet::printer
