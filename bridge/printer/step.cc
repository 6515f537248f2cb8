#include "printer/step.h"

#include <utility>

#include "base/check.h"

namespace printfleet::printer {
namespace {

bool Away(const Printer& printer) {
  return printer.presence == Presence::kUnknown || printer.presence == Presence::kOffline;
}

// Are the two alike but for the figures of an ongoing print?
bool SameStory(const Job& a, const Job& b) {
  return a.id == b.id && a.state == b.state && a.outcome == b.outcome && a.task_id == b.task_id &&
         a.local_task == b.local_task && a.filename == b.filename &&
         a.slice_params == b.slice_params && a.error_code == b.error_code &&
         a.error_text == b.error_text && a.counted == b.counted;
}

}  // namespace

struct Step::Before {
  void Take(const Printer& printer) {
    CHECK(!in_use);
    in_use = true;
    had_job = printer.job.has_value();
    if (had_job) {
      job = *printer.job;
    }
    had_error = printer.last_error.has_value();
    if (had_error) {
      error = *printer.last_error;
    }
  }

  static Before& OfThread() {
    thread_local Before before;
    return before;
  }

  bool in_use = false;
  bool had_job = false;
  bool had_error = false;
  Job job;          // where had_job
  LastError error;  // where had_error
};

Step::Step(Printer& changed_printer, const Context& its_context)
    : printer(changed_printer),
      context(its_context),
      state_before_(EffectiveState(changed_printer)),
      away_before_(Away(changed_printer)),
      readings_before_(changed_printer.readings),
      before_(Before::OfThread()) {
  before_.Take(changed_printer);
}

Step::~Step() {
  before_.in_use = false;
}

void Step::Notify(std::string_view kind, std::string text, JobId job_id) {
  change.notices.push_back({kind, job_id, std::move(text)});
}

void Step::NoteError(int64_t code, const std::string& text, bool of_print) {
  const auto& known = printer.last_error;
  if (known && known->code == code && known->text == text) {
    return;
  }
  printer.last_error = LastError{code, text, wall(), of_print};
  std::string notice = code == 0 ? text : std::to_string(code) + (text.empty() ? "" : " " + text);
  Notify("printer_fault", std::move(notice), printer.job ? printer.job->id : JobId{});
}

void Step::ContradictError(bool of_print) {
  if (printer.last_error && printer.last_error->of_print == of_print) {
    printer.last_error.reset();
  }
}

// The rows: the printer's job, and the one it displaced.
void Step::CompareJobs() {
  const bool had = before_.had_job;
  if (printer.job && (!had || before_.job != *printer.job)) {
    change.readings_changed = true;
    if (!had || !SameStory(before_.job, *printer.job)) {
      change.jobs.push_back(*printer.job);
      change.state_changed = true;
    }
  }
  if (displaced && !(had && *displaced == before_.job)) {
    change.jobs.push_back(*displaced);
  }
}

Change Step::Finish() {
  const State state = EffectiveState(printer);
  if (state != state_before_) {
    printer.state_since = wall();
  }
  change.state_changed |= state != state_before_ || Away(printer) != away_before_ ||
                          printer.last_error.has_value() != before_.had_error ||
                          (before_.had_error && *printer.last_error != before_.error);
  change.readings_changed |= printer.readings != readings_before_;
  CompareJobs();
  return std::move(change);
}

}  // namespace printfleet::printer
