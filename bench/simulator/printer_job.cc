// The life of a job: what happens between the commands, and at the printer's own panel.
#include <algorithm>

#include "bench/simulator/printer.h"

namespace printfleet::simulator {
namespace {

// On the printer's own clock.
constexpr double kCheckingMs = 2'000;
constexpr double kStoppingMs = 1'500;
constexpr double kHeatPollMs = 1'000;
constexpr double kHeatReportMs = 15'000;
constexpr std::int64_t kHeatPollMsMin = 50;  // on our clock: thousands may heat up at once

}  // namespace

void Printer::BeginJob(JobPlan plan, JobEvent start) {
  plan.layers = behaviour_.layers;
  plan.minutes = behaviour_.print_minutes;
  plan.nozzle_target_c = behaviour_.nozzle_c;
  plan.bed_target_c = behaviour_.bed_c;
  fail_at_layer_ = random_.Chance(behaviour_.job_fail)
                       ? static_cast<int>(random_.Between(0, plan.layers - 1))
                       : -1;
  last_task_id_ = plan.task_id;
  ++statistics_.jobs_started;
  job_.Begin(std::move(plan), start, now_ms_);
  if (job_.phase() == Phase::kDownloading) {
    Say("print", "start", "downloading", ProgressData(last_task_id_, 0));
    job_due_ms_ = 0;
  } else {
    Say("print", "start", "checking", TaskData(last_task_id_));
    job_due_ms_ = now_ms_ + Scaled(kCheckingMs);
  }
  SayStatus();
}

void Printer::FetchProgress(std::uint64_t token, int percent, std::int64_t now_ms) {
  now_ms_ = now_ms;
  if (token != fetch_token_ || token == 0 || percent <= fetch_percent_) {
    return;
  }
  fetch_percent_ = percent;
  if (job_.phase() == Phase::kDownloading) {
    Say("print", "start", "downloading", ProgressData(last_task_id_, percent));
  } else if (ota_ == OtaStage::kDownloading && !OtaFaultIs(OtaFault::kSilent)) {
    Say("ota", "update", "downloading", NumberData("progress", percent));
  }
}

void Printer::FetchDone(std::uint64_t token, FetchResult result, std::int64_t now_ms) {
  now_ms_ = now_ms;
  if (token != fetch_token_ || token == 0) {
    return;
  }
  if (result == FetchResult::kOk && random_.Chance(behaviour_.corrupt_download)) {
    result = FetchResult::kMd5Failed;
  }
  if (result == FetchResult::kOk) {
    FetchProgress(token, 100, now_ms);
  }
  fetch_token_ = 0;
  if (job_.phase() == Phase::kDownloading) {
    DownloadDone(result);
  } else if (ota_ == OtaStage::kDownloading) {
    OtaDownloadDone(result);
  }
}

void Printer::DownloadDone(FetchResult result) {
  switch (result) {
    case FetchResult::kDownloadFailed:
      EndJobFailed(kDownloadFailed, "file download failed");
      return;
    case FetchResult::kMd5Failed:
      EndJobFailed(kMd5Failed, "MD5 verification failed");
      return;
    case FetchResult::kOk:
      local_.Put(downloading_);
      job_.Apply(JobEvent::kFetched, now_ms_);
      Say("print", "start", "checking", TaskData(last_task_id_));
      job_due_ms_ = now_ms_ + Scaled(kCheckingMs);
      return;
  }
}

void Printer::SayPrint(std::string_view action, std::string_view state, int code,
                       std::string_view msg) {
  const std::string msgid = NewMsgid();
  const bool block = state == "preheating" || state == "printing" || state == "finished";
  std::string data = block ? JobData(job_.View(now_ms_)) : TaskData(last_task_id_);
  if (state == "failed" && behaviour_.failed_data_null) {
    data = "null";
  }
  Emit("print/report", {"print", action, state, code, msg, msgid, now_ms_}, data);
}

void Printer::JobDue() {
  job_due_ms_ = 0;
  const bool vendor = behaviour_.vendor_codes;
  switch (job_.phase()) {
    case Phase::kIdle:
    case Phase::kDownloading:
    case Phase::kPaused:
      return;
    case Phase::kChecking:
      job_.Apply(JobEvent::kChecked, now_ms_);
      EnterPreheating();
      return;
    case Phase::kPreheating:
    case Phase::kPrinting:
      PrintingDue();
      return;
    case Phase::kPausing:
      job_.Apply(JobEvent::kPaused, now_ms_);
      SayPrint("pause", "paused", vendor ? kPausedByUser : kOk, "done");
      return;
    case Phase::kResuming:
      job_.Apply(JobEvent::kResumed, now_ms_);
      SayPrint("resume", "resumed", vendor ? 501 : kOk, "done");
      SayPrint("start", "printing", kOk, "done");
      job_due_ms_ = job_.NextLayerMs(now_ms_);
      return;
    case Phase::kStopping:
      SayPrint("stop", "stoped", vendor ? 601 : kOk, "done");
      job_.Apply(JobEvent::kStopped, now_ms_);
      ++statistics_.jobs_stopped;
      FinishJob();
      return;
  }
}

void Printer::EnterPreheating() {
  SayStatus();
  nozzle_.SetTarget(job_.plan().nozzle_target_c, now_ms_);
  bed_.SetTarget(job_.plan().bed_target_c, now_ms_);
  SayPrint("start", "preheating", kOk, "done");
  job_due_ms_ = now_ms_ + Scaled(kHeatPollMs);
}

void Printer::PrintingDue() {
  ReadTemperatures();
  if (job_.phase() == Phase::kPreheating) {
    if (!nozzle_.Ready() || !bed_.Ready()) {
      if (random_.Chance(kHeatPollMs / kHeatReportMs)) {
        SayTemperature();
      }
      job_due_ms_ = now_ms_ + std::max(Scaled(kHeatPollMs), kHeatPollMsMin);
      return;
    }
    job_.Apply(JobEvent::kHot, now_ms_);
    settings_.fan_speed_pct = 100;
    Say("fan", "auto", "done", FanData(settings_.fan_speed_pct));
  }
  const int layer = job_.Layer(now_ms_);
  if (fail_at_layer_ >= 0 && layer >= fail_at_layer_) {
    const bool filament = random_.Chance(0.5);
    EndJobFailed(filament ? kFilamentBroken : kNozzleHeating,
                 filament ? "filament broken" : "nozzle heating failed");
    return;
  }
  if (layer < job_.plan().layers) {
    SayPrint("start", "printing", kOk, "done");
    job_due_ms_ = std::max(job_.NextLayerMs(now_ms_), now_ms_ + behaviour_.print_report_gap_ms);
    return;
  }
  const bool lost = random_.Chance(behaviour_.lose_finished);
  const bool free_early = random_.Chance(behaviour_.free_early);
  job_.Apply(JobEvent::kLayersDone, now_ms_);
  ++statistics_.jobs_finished;
  if (!lost && !free_early) {
    SayPrint("start", "finished", kOk, "done");
  }
  FinishJob();
  if (!lost && free_early) {
    SayPrint("start", "finished", kOk, "done");
  }
}

void Printer::FinishJob() {
  job_due_ms_ = 0;
  settings_.fan_speed_pct = 0;
  nozzle_.SetTarget(0, now_ms_);
  bed_.SetTarget(0, now_ms_);
  Say("fan", "auto", "done", FanData(0));
  SayStatus();
}

void Printer::EndJobFailed(int code, std::string_view msg) {
  SayPrint("start", "failed", code, msg);
  job_.Apply(JobEvent::kFail, now_ms_);
  ++statistics_.jobs_failed;
  FinishJob();
}

bool Printer::PanelStart(const std::string& filename, const std::string& task_id,
                         std::int64_t now_ms) {
  now_ms_ = now_ms;
  if (job_.phase() != Phase::kIdle || ota_ != OtaStage::kNone) {
    return false;
  }
  JobPlan plan;
  plan.task_id = task_id;
  plan.filename = filename;
  BeginJob(std::move(plan), JobEvent::kStartLocal);
  return true;
}

bool Printer::PanelStop(std::int64_t now_ms) {
  now_ms_ = now_ms;
  if (!job_.Apply(JobEvent::kStop, now_ms)) {
    return false;
  }
  if (fetch_token_ != 0) {
    effects_.cancel_fetch = std::exchange(fetch_token_, 0);
  }
  SayPrint("stop", "stopping", kOk, "done");
  job_due_ms_ = now_ms + Scaled(kStoppingMs);
  return true;
}

bool Printer::FailJob(int code, std::int64_t now_ms) {
  now_ms_ = now_ms;
  if (job_.phase() == Phase::kIdle) {
    return false;
  }
  if (fetch_token_ != 0) {
    effects_.cancel_fetch = std::exchange(fetch_token_, 0);
  }
  EndJobFailed(code, "print failed");
  return true;
}

}  // namespace printfleet::simulator
