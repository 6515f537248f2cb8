// The judges of the reports of type "print", and of the fan.
#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "fleet/judge.h"

namespace printfleet::fleet {
namespace {

using protocol::PrintAction;
using protocol::PrintReport;
using protocol::PrintWord;

constexpr double kFanTolerance = 0.006;  // the wire has whole percents

bool OtherTask(const Case& c, const PrintReport& print) {
  return print.job.task_id && !c.execution.task_id.empty() &&
         *print.job.task_id != c.execution.task_id;
}

// What each verb's reports look like.
struct VerbWords {
  PrintAction action;
  std::vector<PrintWord> shown;
  std::vector<PrintWord> proved;
};

bool Has(const std::vector<PrintWord>& words, PrintWord word) {
  return std::ranges::find(words, word) != words.end();
}

Evidence JudgeVerb(const Case& c, const VerbWords& words) {
  const auto* print = c.As<PrintReport>();
  if (print == nullptr) {
    return {};
  }
  // The word alone proves it, whatever action it comes with (a stop is also told as start/stoped);
  // a refusal must be of this action, or carry our msgid.
  const bool ours = c.echoed || print->action == words.action;
  if (ours && (print->word == PrintWord::kFailed || IsFailure(c))) {
    return Refuted(c.report);
  }
  if (Has(words.proved, print->word)) {
    return Proved(c.report);
  }
  if (Has(words.shown, print->word)) {
    return Says(Verdict::kShown, c.report);
  }
  const bool ended = print->action == PrintAction::kStart && !OtherTask(c, *print) &&
                     (print->word == PrintWord::kFinished || print->word == PrintWord::kFailed ||
                      print->word == PrintWord::kStopped);
  if (ended) {
    const std::string state(c.report.envelope.state);
    return Refuted(c.report, "the job ended first (" + state + ")");
  }
  return {};
}

bool ShowsFan(const Case& c, std::optional<double> fan_ratio) {
  const double* wanted = c.request.args.Get<double>("fan_ratio");
  return wanted != nullptr && fan_ratio && std::abs(*wanted - *fan_ratio) < kFanTolerance;
}

std::string JobResult(const protocol::JobBlock& job) {
  json::Writer writer;
  writer.BeginObject()
      .Member("task_id", job.task_id)
      .Member("filename", job.filename)
      .Member("progress_ratio", job.progress_ratio)
      .Member("layer", job.layer)
      .Member("layers", job.layers)
      .Member("elapsed_s", job.elapsed_s)
      .Member("remaining_s", job.remaining_s)
      .Member("material_used_mm", job.material_used_mm)
      .EndObject();
  return writer.Take();
}

}  // namespace

Evidence JudgeStart(const Case& c) {
  const auto* print = c.As<PrintReport>();
  const bool of_start = print != nullptr && (print->action == PrintAction::kStart || c.echoed);
  if (!of_start || OtherTask(c, *print)) {
    return {};
  }
  switch (print->word) {
    case PrintWord::kDownloading:
    case PrintWord::kChecking:
    case PrintWord::kLeveling:
    case PrintWord::kWaiting:
      return Says(Verdict::kProgress, c.report);
    case PrintWord::kPreheating:
    case PrintWord::kPrinting:
    case PrintWord::kFinished:
      // Without a task it may be about another job; the msgid settles that.
      return print->job.task_id || c.echoed ? Proved(c.report) : Says(Verdict::kProgress, c.report);
    case PrintWord::kStopping:
      return Says(Verdict::kShown, c.report);
    case PrintWord::kStopped:
      return Refuted(c.report, "it was stopped before it printed");
    case PrintWord::kFailed:
      return Refuted(c.report);
    case PrintWord::kPausing:
    case PrintWord::kPaused:
    case PrintWord::kResuming:
    case PrintWord::kResumed:
    case PrintWord::kUpdated:
    case PrintWord::kDone:
    case PrintWord::kNone:
    case PrintWord::kUnknown:
      return IsFailure(c) ? Refuted(c.report) : Evidence{};
  }
  return {};
}

Evidence JudgePause(const Case& c) {
  return JudgeVerb(c, {PrintAction::kPause, {PrintWord::kPausing}, {PrintWord::kPaused}});
}

Evidence JudgeResume(const Case& c) {
  return JudgeVerb(
      c,
      {PrintAction::kResume, {PrintWord::kResuming}, {PrintWord::kResumed, PrintWord::kPrinting}});
}

Evidence JudgeStop(const Case& c) {
  return JudgeVerb(c, {PrintAction::kStop, {PrintWord::kStopping}, {PrintWord::kStopped}});
}

Evidence JudgeCancel(const Case& c) {
  const auto* status = c.As<protocol::StatusReport>();
  if (status != nullptr && status->work == protocol::WorkState::kFree) {
    return Proved(c.report);
  }
  return JudgeVerb(c, {PrintAction::kCancel, {PrintWord::kStopping}, {PrintWord::kStopped}});
}

Evidence JudgeUpdate(const Case& c) {
  const auto* print = c.As<PrintReport>();
  if (print == nullptr) {
    return {};
  }
  if (print->word == PrintWord::kUpdated) {
    return Proved(c.report);
  }
  const bool ours =
      c.echoed || (print->action == PrintAction::kUpdate && print->word != PrintWord::kDownloading);
  return ours && IsFailure(c) ? Refuted(c.report) : Evidence{};
}

Evidence JudgeFan(const Case& c) {
  const auto* print = c.As<PrintReport>();
  const auto* fan = c.As<protocol::FanReport>();
  const auto* info = c.As<protocol::InfoReport>();
  const auto& envelope = c.report.envelope;
  const bool set = envelope.type == "set" && envelope.action == "update";
  const bool shown = (print != nullptr && ShowsFan(c, print->settings.fan_ratio)) ||
                     (fan != nullptr && ShowsFan(c, fan->fan_ratio)) ||
                     (info != nullptr && ShowsFan(c, info->settings.fan_ratio));
  if (shown) {
    return Proved(c.report);
  }
  if (set || c.echoed) {
    if (IsFailure(c)) {
      return Refuted(c.report);
    }
    return IsOkWord(envelope.state) ? Proved(c.report) : Says(Verdict::kShown, c.report);
  }
  return {};
}

Evidence JudgeQuery(const Case& c) {
  const auto* print = c.As<PrintReport>();
  if (print == nullptr) {
    return {};
  }
  const bool ours = c.echoed || print->action == PrintAction::kQuery;
  if (ours && IsFailure(c)) {
    return Refuted(c.report);
  }
  // The next job block answers it too, under whatever action.
  const bool block = print->job.task_id && print->job.filename;
  return ours || block ? Proved(c.report, JobResult(print->job)) : Evidence{};
}

Evidence JudgeSliceParams(const Case& c) {
  const auto* print = c.As<PrintReport>();
  if (print == nullptr || (print->action != PrintAction::kGetSliceParam && !c.echoed)) {
    return {};
  }
  if (IsFailure(c)) {
    return Refuted(c.report);
  }
  if (print->slice_params && print->slice_params->size() <= kResultBytesMax) {
    return Proved(c.report, "{\"slice_params\":" + CleanText(*print->slice_params, SIZE_MAX) + "}");
  }
  return print->word == PrintWord::kDone ? Proved(c.report, R"({"slice_params":null})")
                                         : Says(Verdict::kShown, c.report);
}

Evidence JudgeMapTask(const Case& c) {
  const auto* print = c.As<PrintReport>();
  if (print == nullptr || (print->action != PrintAction::kLocalTaskTrans && !c.echoed)) {
    return {};
  }
  if (IsFailure(c)) {
    return Refuted(c.report);
  }
  return print->word == PrintWord::kDone ? Proved(c.report) : Says(Verdict::kShown, c.report);
}

}  // namespace printfleet::fleet
