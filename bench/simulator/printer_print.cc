// The print commands.
#include "bench/simulator/printer.h"

namespace printfleet::simulator {
namespace {

// On the printer's own clock.
constexpr double kPausingMs = 1'500;
constexpr double kResumingMs = 1'500;
constexpr double kStoppingMs = 1'500;

// Source: protocol.md §4, the hosts an unpatched firmware accepts.
bool IsVendorHost(std::string_view url) {
  const std::size_t scheme = url.find("://");
  std::string_view host = scheme == std::string_view::npos ? url : url.substr(scheme + 3);
  host = host.substr(0, host.find_first_of(":/"));
  for (const std::string_view vendor :
       {"myqcloud.com", "amazonaws.com", "anycubic.com", "anycubicloud.com"}) {
    if (host.size() >= vendor.size() && host.substr(host.size() - vendor.size()) == vendor) {
      return true;
    }
  }
  return false;
}

}  // namespace

void Printer::StartPrint(const Request& request) {
  const rapidjson::Value* data = request.data();
  const auto task_id = StringMember(data, "taskid");
  const auto filename = StringMember(data, "filename");
  const auto filetype = IntMember(data, "filetype");
  if (!task_id || !IsTaskId(*task_id) || !filename || filename->empty() || !filetype ||
      *filetype < 0 || *filetype > 2 || !IntMember(data, "task_mode")) {
    Malformed(request, "print/start: taskid, filename, filetype and task_mode are needed");
    return;
  }
  JobPlan plan;
  plan.task_id = *task_id;
  plan.filename = *filename;
  if (*filetype == 0) {
    StartRemote(request, std::move(plan));
  } else {
    StartLocal(request, std::move(plan), *filetype == 2);
  }
}

void Printer::StartRemote(const Request& request, JobPlan plan) {
  const rapidjson::Value* data = request.data();
  const auto url = StringMember(data, "url");
  const auto md5 = StringMember(data, "md5");
  const auto size_bytes = IntMember(data, "filesize");
  if (!url || url->find("://") == std::string::npos || !md5 || !IsMd5(*md5) || !size_bytes ||
      *size_bytes <= 0) {
    Malformed(request, "print/start: url, md5 and filesize are needed");
    return;
  }
  if (job_.phase() != Phase::kIdle || levelling_ || ota_ != OtaStage::kNone) {
    Fail(request, kAlreadyPrinting, "already printing");
    return;
  }
  if (behaviour_.check_url_host && UsesShortTopics(identity_.firmware) && !IsVendorHost(*url)) {
    Fail(request, kDownloadFailed, "file download failed");
    return;
  }
  downloading_ = {"/", plan.filename, *size_bytes, now_ms_, false};
  fetch_token_ = ++last_token_;
  fetch_percent_ = 0;
  effects_.fetch = {fetch_token_, *url, *md5, *size_bytes};
  BeginJob(std::move(plan), JobEvent::kStartRemote);
}

void Printer::StartLocal(const Request& request, JobPlan plan, bool usb) {
  const auto path = StringMember(request.data(), "filepath");
  if (!path || path->empty()) {
    Malformed(request, "filepath: expected a string");
    return;
  }
  if (job_.phase() != Phase::kIdle || levelling_ || ota_ != OtaStage::kNone) {
    Fail(request, kAlreadyPrinting, "already printing");
    return;
  }
  plan.directory = *path;
  if ((usb ? usb_ : local_).Find(*path, plan.filename) == nullptr) {
    Fail(request, kCannotParseFile, "cannot parse file");
    return;
  }
  BeginJob(std::move(plan), JobEvent::kStartLocal);
}

bool Printer::CheckTask(const Request& request) {
  const auto task_id = StringMember(request.data(), "taskid");
  if (!task_id || !IsTaskId(*task_id)) {
    Malformed(request, "taskid: expected a decimal string");
    return false;
  }
  if (job_.phase() == Phase::kIdle) {
    Fail(request, kNoPrintTask, "no print task");
    return false;
  }
  // "-1" means the current job on the newer models; here too, so that a stop never misses.
  if (*task_id != job_.plan().task_id && *task_id != "-1") {
    Fail(request, kNoPrintTask, "no print task " + *task_id);
    return false;
  }
  return true;
}

void Printer::PausePrint(const Request& request) {
  if (!CheckTask(request)) {
    return;
  }
  if (!job_.Apply(JobEvent::kPause, now_ms_)) {
    Fail(request, kSuspended, "cannot pause now");
    return;
  }
  Reply(request, "pausing", TaskData(last_task_id_));
  job_due_ms_ = now_ms_ + Scaled(kPausingMs);
}

void Printer::ResumePrint(const Request& request) {
  if (!CheckTask(request)) {
    return;
  }
  if (!job_.Apply(JobEvent::kResume, now_ms_)) {
    Fail(request, kAlreadyPrinting, "not suspended");
    return;
  }
  nozzle_.SetTarget(job_.plan().nozzle_target_c, now_ms_);
  bed_.SetTarget(job_.plan().bed_target_c, now_ms_);
  Reply(request, "resuming", TaskData(last_task_id_));
  job_due_ms_ = now_ms_ + Scaled(kResumingMs);
}

void Printer::StopPrint(const Request& request) {
  if (!CheckTask(request)) {
    return;
  }
  if (!job_.Apply(JobEvent::kStop, now_ms_)) {
    Fail(request, kStopped, "stopping already");
    return;
  }
  if (fetch_token_ != 0) {
    effects_.cancel_fetch = std::exchange(fetch_token_, 0);
  }
  Reply(request, "stopping", TaskData(last_task_id_));
  job_due_ms_ = now_ms_ + Scaled(kStoppingMs);
}

void Printer::CancelPrint(const Request& request) {
  switch (behaviour_.cancel) {
    case CancelMode::kIgnore:
      // Unknown to every working project; a K2 is expected to say nothing. The request is checked.
      if (!StringMember(request.data(), "taskid")) {
        Malformed(request, "taskid: expected a decimal string");
      } else {
        verdict_ = Verdict::kIgnored;
      }
      return;
    case CancelMode::kStop:
      StopPrint(request);
      return;
    case CancelMode::kFree:
      if (CheckTask(request)) {
        job_.Apply(JobEvent::kFail, now_ms_);
        ++statistics_.jobs_stopped;
        FinishJob();
      }
      return;
  }
}

void Printer::QueryPrint(const Request& request) {
  if (job_.phase() != Phase::kIdle) {
    Reply(request, PhaseWord(job_.phase()), JobData(job_.View(now_ms_)));
  }
}

void Printer::SliceParams(const Request& request) {
  Reply(request, "done", job_.phase() == Phase::kIdle ? "{}" : SliceData(job_.View(now_ms_)));
}

void Printer::MapLocalTask(const Request& request) {
  const auto task_id = StringMember(request.data(), "taskid");
  const auto local_task = StringMember(request.data(), "localtask");
  if (!task_id || !IsTaskId(*task_id) || !local_task) {
    Malformed(request, "taskid and localtask: expected strings");
    return;
  }
  if (!behaviour_.localtasktrans_answers) {
    verdict_ = Verdict::kIgnored;
    return;
  }
  if (job_.phase() != Phase::kIdle) {
    job_.SetTaskId(*task_id);
    job_.SetLocalTask(*local_task);
    last_task_id_ = *task_id;
  }
  Reply(request, "done", TaskData(*task_id));
}

}  // namespace printfleet::simulator
