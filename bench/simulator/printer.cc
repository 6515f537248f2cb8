#include "bench/simulator/printer.h"

#include <algorithm>
#include <array>
#include <limits>

namespace printfleet::simulator {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
constexpr double kRebootMs = 20'000;
constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::size_t kRecentMsgids = 16;

// A K2's nozzle reaches 210 °C in about 75 s, its bed 60 °C in about 110 s.
constexpr HeaterCurve kNozzleCurve = {2.8, 15.0, 120.0, 22.0};
constexpr HeaterCurve kBedCurve = {0.42, 6.0, 600.0, 22.0};

}  // namespace

Printer::Printer(Identity identity, const Behaviour& behaviour, std::uint64_t seed,
                 Statistics& statistics)
    : identity_(std::move(identity)),
      behaviour_(behaviour),
      random_(seed),
      statistics_(statistics),
      nozzle_(kNozzleCurve, behaviour.speedup),
      bed_(kBedCurve, behaviour.speedup),
      local_(FileStore::Make(behaviour.files, behaviour.odd_names, random_)),
      usb_(FileStore::Make(behaviour.files / 2, false, random_)),
      job_(behaviour.speedup) {}

void Printer::Connected(std::int64_t now_ms) {
  now_ms_ = now_ms;
  connected_ = true;
  const auto first_ms = static_cast<std::int64_t>(behaviour_.report_interval_s * 1000);
  temperature_due_ms_ = now_ms + random_.Between(0, std::max<std::int64_t>(first_ms, 1));
  status_due_ms_ = now_ms + static_cast<std::int64_t>(behaviour_.status_interval_s * 1000);
  reboot_due_ms_ = now_ms + random_.Between(1, kMinuteMs);
  for (int copy = 0; copy < behaviour_.connect_copies; ++copy) {
    const std::string msgid = NewMsgid();
    effects_.reports.push_back(
        {"lastWill/report", OnlineReport(true, msgid, now_ms), msgid, false});
    SayVersion();
    SayStatus();
    if (behaviour_.greeting_extras) {
      Say("user", "bindQuery", "done", "null");
      Say("file", "cloudRecommendList", "done", "{\"records\":[]}");
    }
  }
}

Verdict Printer::Handle(std::string_view topic, std::string_view payload, std::int64_t now_ms) {
  now_ms_ = now_ms;
  const std::optional<RequestTopic> parsed = ParseRequestTopic(topic, identity_);
  if (!parsed) {
    return Verdict::kWrongForm;
  }
  Request request;
  const std::string problem = ParseRequest(payload, *parsed, behaviour_.lenient, request);
  if (problem.empty() && SeenBefore(request.msgid)) {
    return Verdict::kDuplicate;
  }
  const Handler handle = FindCommand(request.type, request.action);
  if (problem.empty() && handle == nullptr) {
    return Verdict::kUnknown;
  }
  if (random_.Chance(behaviour_.ignore_commands)) {
    return Verdict::kIgnored;
  }
  replying_ = true;
  verdict_ = Verdict::kAccepted;
  if (behaviour_.ack_response && !request.msgid.empty()) {
    effects_.reports.push_back(
        {"response", "{\"msgid\":\"" + request.msgid + "\"}", request.msgid, true});
  }
  if (!problem.empty() || handle == nullptr) {
    Malformed(request, problem);
  } else if (random_.Chance(behaviour_.fail_commands)) {
    Fail(request, kUnknownError, "unknown error");
  } else {
    (this->*handle)(request);
  }
  replying_ = false;
  return verdict_;
}

bool Printer::SeenBefore(const std::string& msgid) {
  if (!behaviour_.overlapping_filters || msgid.empty()) {
    return false;
  }
  if (std::find(recent_msgids_.begin(), recent_msgids_.end(), msgid) != recent_msgids_.end()) {
    return true;
  }
  recent_msgids_.push_back(msgid);
  if (recent_msgids_.size() > kRecentMsgids) {
    recent_msgids_.pop_front();
  }
  return false;
}

Printer::Handler Printer::FindCommand(std::string_view type, std::string_view action) {
  // The command table of protocol.md §3 and §6.
  static constexpr std::array<Command, 20> kCommands = {{
      {"file", "listLocal", &Printer::ListFiles},
      {"file", "listUdisk", &Printer::ListFiles},
      {"file", "deleteLocal", &Printer::DeleteFile},
      {"file", "deleteUdisk", &Printer::DeleteFile},
      {"file", "cloudRecommendList", &Printer::RecommendList},
      {"status", "query", &Printer::QueryStatus},
      {"video", "startCapture", &Printer::StartCapture},
      {"print", "getSliceParam", &Printer::SliceParams},
      {"print", "query", &Printer::QueryPrint},
      {"print", "localtasktrans", &Printer::MapLocalTask},
      {"print", "start", &Printer::StartPrint},
      {"print", "pause", &Printer::PausePrint},
      {"print", "resume", &Printer::ResumePrint},
      {"print", "stop", &Printer::StopPrint},
      {"print", "cancel", &Printer::CancelPrint},
      {"print", "update", &Printer::UpdateSettings},
      {"set", "update", &Printer::SetFan},
      {"ota", "reportVersion", &Printer::ReportVersion},
      {"ota", "update", &Printer::StartUpdate},
      {"tempature", "query", &Printer::QueryStatus},
  }};
  for (const Command& command : kCommands) {
    if (command.type == type && command.action == action) {
      return command.handle;
    }
  }
  return nullptr;
}

void Printer::Tick(std::int64_t now_ms) {
  now_ms_ = now_ms;
  if (job_due_ms_ != 0 && now_ms >= job_due_ms_) {
    JobDue();
  }
  if (ota_due_ms_ != 0 && now_ms >= ota_due_ms_) {
    OtaDue();
  }
  if (!connected_ || behaviour_.load) {
    return;
  }
  if (now_ms >= temperature_due_ms_) {
    SayTemperature();
    const double jitter = 0.8 + 0.4 * random_.Unit();
    temperature_due_ms_ =
        now_ms + static_cast<std::int64_t>(behaviour_.report_interval_s * 1000 * jitter);
  }
  if (behaviour_.status_interval_s > 0 && now_ms >= status_due_ms_) {
    SayStatus();
    status_due_ms_ = now_ms + static_cast<std::int64_t>(behaviour_.status_interval_s * 1000);
  }
  if (behaviour_.reboot_per_minute > 0 && now_ms >= reboot_due_ms_) {
    reboot_due_ms_ = now_ms + kMinuteMs;
    if (random_.Chance(behaviour_.reboot_per_minute)) {
      Reboot(now_ms);
    }
  }
}

std::int64_t Printer::NextDeadline() const {
  std::int64_t next_ms = kNever;
  for (const std::int64_t due_ms : {job_due_ms_, ota_due_ms_}) {
    next_ms = due_ms == 0 ? next_ms : std::min(next_ms, due_ms);
  }
  if (!connected_ || behaviour_.load) {
    return next_ms;
  }
  next_ms = std::min(next_ms, temperature_due_ms_);
  if (behaviour_.status_interval_s > 0) {
    next_ms = std::min(next_ms, status_due_ms_);
  }
  return behaviour_.reboot_per_minute > 0 ? std::min(next_ms, reboot_due_ms_) : next_ms;
}

void Printer::Reboot(std::int64_t now_ms) {
  now_ms_ = now_ms;
  ++statistics_.reboots;
  if (job_.Apply(JobEvent::kFail, now_ms)) {
    ++statistics_.jobs_failed;
  }
  if (fetch_token_ != 0) {
    effects_.cancel_fetch = std::exchange(fetch_token_, 0);
  }
  ota_ = OtaStage::kNone;
  job_due_ms_ = ota_due_ms_ = 0;
  levelling_ = false;
  settings_ = {};
  nozzle_.SetTarget(0, now_ms);
  bed_.SetTarget(0, now_ms);
  connected_ = false;
  effects_.reports.clear();
  effects_.reboot_ms = Scaled(kRebootMs);
}

std::int64_t Printer::Scaled(double printer_ms) const {
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(printer_ms / behaviour_.speedup));
}

void Printer::Emit(std::string tail, const Envelope& envelope, std::string_view data) {
  effects_.reports.push_back(
      {std::move(tail), Report(envelope, data), std::string(envelope.msgid), replying_});
}

void Printer::Say(std::string_view type, std::string_view action, std::string_view state,
                  std::string_view data) {
  const std::string msgid = NewMsgid();
  Emit(std::string(type) + "/report", {type, action, state, kOk, "", msgid, now_ms_}, data);
}

void Printer::Reply(const Request& request, std::string_view state, std::string_view data,
                    std::string_view msg) {
  const bool echo = !request.msgid.empty() && random_.Chance(behaviour_.echo_msgid);
  const std::string msgid = echo ? request.msgid : NewMsgid();
  Emit(request.type + "/report", {request.type, request.action, state, kOk, msg, msgid, now_ms_},
       data);
}

void Printer::Fail(const Request& request, int code, std::string_view msg) {
  const bool echo = !request.msgid.empty() && random_.Chance(behaviour_.echo_msgid);
  const std::string msgid = echo ? request.msgid : NewMsgid();
  const auto task_id = StringMember(request.data(), "taskid");
  const bool bare = behaviour_.failed_data_null || !task_id;
  Emit(request.type + "/report",
       {request.type, request.action, request.type == "ota" ? "update-failed" : "failed", code, msg,
        msgid, now_ms_},
       bare ? "null" : TaskData(*task_id));
}

void Printer::Malformed(const Request& request, std::string_view why) {
  verdict_ = Verdict::kMalformed;
  Fail(request, kJsonInvalid, "json invalid: " + std::string(why));
}

void Printer::SayStatus() {
  const bool busy = levelling_ || ota_ != OtaStage::kNone || job_.phase() != Phase::kIdle;
  Say("status", "workReport", busy ? "busy" : "free", "null");
}

Temperatures Printer::ReadTemperatures() {
  nozzle_.Advance(now_ms_);
  bed_.Advance(now_ms_);
  return {nozzle_.temp_c(), nozzle_.target_c(), bed_.temp_c(), bed_.target_c()};
}

void Printer::SayTemperature() {
  Say("tempature", "auto", "done", TemperatureData(ReadTemperatures()));
}

void Printer::SayVersion() {
  Say("ota", "reportVersion", "done", VersionData(identity_));
}

std::string Printer::OnlineReport(bool online, const std::string& msgid,
                                  std::int64_t now_ms) const {
  return Report({"lastWill", "onlineReport", online ? "online" : "offline", kOk,
                 online ? "device online" : "device offline", msgid, now_ms},
                "null");
}

void Printer::SetLevelling(bool levelling, std::int64_t now_ms) {
  now_ms_ = now_ms;
  levelling_ = levelling;
  SayStatus();
}

OutReport Printer::LoadReport(std::size_t bytes, std::int64_t now_ms) {
  constexpr std::int64_t kLayers = 1000;
  constexpr std::size_t kUnpaddedBytes = 322;
  ++load_reports_;
  JobView job;
  job.task_id = "482913";
  job.filename = "load";
  job.filename.append(bytes > kUnpaddedBytes ? bytes - kUnpaddedBytes : 0, 'x').append(".gcode");
  job.layers = kLayers;
  job.layer = static_cast<int>(load_reports_ % kLayers);
  job.progress_pct = job.layer * 100 / static_cast<int>(kLayers);
  job.printed_minutes = static_cast<double>(job.layer) * 0.1;
  job.remaining_minutes = static_cast<double>(kLayers - job.layer) * 0.1;
  job.filament_mm = static_cast<double>(job.layer) * 4.9;
  const std::string msgid = NewMsgid();
  return {"print/report",
          Report({"print", "start", "printing", kOk, "done", msgid, now_ms}, JobData(job)), msgid,
          false};
}

}  // namespace printfleet::simulator
