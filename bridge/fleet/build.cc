#include "fleet/build.h"

#include "base/check.h"
#include "base/text.h"

namespace printfleet::fleet {
namespace {

// Ours begin here: longer than the vendor's samples, so that nobody takes one for the other.
constexpr int64_t kTaskIdBase = 700000000;

constexpr size_t kTaskIdBytesMax = 128;
constexpr std::string_view kNoJobTask = "0";  // print.update: settings only

std::string Text(const Request& request, std::string_view name, std::string_view fallback = "") {
  const std::string* text = request.args.Get<std::string>(name);
  return text != nullptr ? *text : std::string(fallback);
}

std::optional<double> Number(const Request& request, std::string_view name) {
  const double* number = request.args.Get<double>(name);
  return number != nullptr ? std::optional(*number) : std::nullopt;
}

int64_t Int(const Request& request, std::string_view name) {
  const int64_t* number = request.args.Get<int64_t>(name);
  return number != nullptr ? *number : 0;
}

std::optional<int64_t> ProjectType(const Request& request) {
  return request.args.Has("project_type") ? std::optional(Int(request, "project_type"))
                                          : std::nullopt;
}

protocol::Request BuildFile(const Request& request) {
  using protocol::Storage;
  const std::string_view name = request.spec->name;
  const Storage storage = name.ends_with("_usb") ? Storage::kUsb : Storage::kLocal;
  const std::string path = Text(request, "path", "/");
  if (name.starts_with("file.list")) {
    return protocol::ListFiles{storage, path};
  }
  std::string filename = Text(request, "filename");
  if (const std::string* encoded = request.args.Get<std::string>("filename_b64")) {
    CHECK(DecodeBase64(*encoded, filename));
  }
  return protocol::DeleteFile{storage, path, filename};
}

protocol::Request BuildStart(const Request& request, const std::string& task_id) {
  if (const auto* file = request.args.Get<std::map<std::string, std::string>>("file")) {
    const bool usb = file->at("storage") == "usb";
    return protocol::StartFromFile{task_id,
                                   usb ? protocol::Storage::kUsb : protocol::Storage::kLocal,
                                   file->at("path"), file->at("filename"), ProjectType(request)};
  }
  if (const Artifact* artifact = request.artifact.get()) {
    // Its address comes with each attempt: send.cc.
    return protocol::StartFromUrl{
        task_id, "", artifact->md5, artifact->size_bytes, artifact->name, ProjectType(request)};
  }
  return protocol::StartFromUrl{task_id,
                                Text(request, "url"),
                                Text(request, "md5"),
                                Int(request, "size_bytes"),
                                Text(request, "filename"),
                                ProjectType(request)};
}

protocol::Request BuildUpdate(const Request& request, const printer::Printer& printer) {
  protocol::UpdatePrint update;
  const bool job = printer.job && printer.job->open() && !printer.job->task_id.empty();
  update.task_id = job ? printer.job->task_id : std::string(kNoJobTask);
  update.nozzle_target_c = Number(request, "nozzle_target_c");
  update.bed_target_c = Number(request, "bed_target_c");
  update.fan_ratio = Number(request, "fan_ratio");
  update.speed_mode = protocol::ParseSpeedMode(Text(request, "print_speed_mode"));
  update.z_offset_mm = Number(request, "z_offset_mm");
  return update;
}

protocol::Firmware FirmwareOf(const Request& request) {
  protocol::Firmware firmware;
  firmware.version = Text(request, "version");
  firmware.name = Text(request, "name");
  firmware.url = Text(request, "url");
  firmware.md5 = Text(request, "md5");
  firmware.size_bytes = Int(request, "size_bytes");
  const bool* force = request.args.Get<bool>("force_update");
  firmware.force_update = force != nullptr && *force;
  return firmware;
}

std::optional<protocol::JobVerb> VerbOf(std::string_view name) {
  using protocol::JobVerb;
  if (name == "print.pause") {
    return JobVerb::kPause;
  }
  if (name == "print.resume") {
    return JobVerb::kResume;
  }
  if (name == "print.stop") {
    return JobVerb::kStop;
  }
  return name == "print.cancel" ? std::optional(JobVerb::kCancel) : std::nullopt;
}

protocol::Request BuildOther(const Request& request) {
  const std::string_view name = request.spec->name;
  if (name == "status.query") {
    return protocol::QueryStatus{};
  }
  if (name == "print.slice_params") {
    return protocol::QuerySliceParams{};
  }
  if (name == "ota.report_version") {
    return protocol::QueryVersion{IsFirmwareOffer(request) ? std::optional(FirmwareOf(request))
                                                           : std::nullopt};
  }
  if (name == "fan.set") {
    return protocol::SetFan{Number(request, "fan_ratio").value_or(0)};
  }
  if (name == "print.map_local_task") {
    return protocol::MapLocalTask{Text(request, "task_id"), Text(request, "local_task")};
  }
  if (name == "video.start_capture") {
    return protocol::StartCapture{Text(request, "region"), Text(request, "tmp_secret_key"),
                                  Text(request, "tmp_secret_id"), Text(request, "session_token")};
  }
  if (const auto* records = request.args.Get<std::vector<protocol::RecommendRecord>>("records")) {
    return protocol::SendRecommendList{*records};
  }
  CHECK(name == "printer.raw");
  return protocol::RawRequest{Text(request, "type"), Text(request, "action"),
                              Text(request, "data")};
}

}  // namespace

bool IsFirmwareOffer(const Request& request) {
  return request.spec->name == "ota.report_version" && request.args.Has("url");
}

std::string TaskIdFor(const Rules& rules, const Request& request, const printer::Printer& printer) {
  if (const std::string* task_id = request.args.Get<std::string>("task_id")) {
    return *task_id;
  }
  if (printer.job && printer.job->open() && !printer.job->task_id.empty()) {
    return CleanText(printer.job->task_id, kTaskIdBytesMax);
  }
  if (!printer.registration.last_task_id.empty()) {
    return CleanText(printer.registration.last_task_id, kTaskIdBytesMax);
  }
  const settings::Model* model = rules.models.Find(printer.registration.model_id);
  return model != nullptr ? model->no_task_id : settings::Model{}.no_task_id;
}

std::string NewTaskId(int64_t number) {
  return std::to_string(kTaskIdBase + number);
}

protocol::TopicForm FormFor(const Rules& rules, const printer::Printer& printer) {
  const settings::Model* model = rules.models.Find(printer.registration.model_id);
  return printer::EffectiveTopicForm(
      printer, model != nullptr ? model->short_topics_from : settings::Model{}.short_topics_from);
}

std::string StartFilename(const Request& request) {
  const auto* file = request.args.Get<std::map<std::string, std::string>>("file");
  if (file != nullptr) {
    return file->at("filename");
  }
  return request.artifact != nullptr ? request.artifact->name : Text(request, "filename");
}

protocol::Request BuildRequest(const Request& request, const printer::Printer& printer,
                               const std::string& task_id) {
  const std::string_view name = request.spec->name;
  if (name.starts_with("file.")) {
    return BuildFile(request);
  }
  if (const auto verb = VerbOf(name)) {
    return protocol::ControlJob{*verb, task_id};
  }
  if (name == "print.start") {
    return BuildStart(request, task_id);
  }
  if (name == "print.update") {
    return BuildUpdate(request, printer);
  }
  if (name == "print.query") {
    const bool job = request.args.Has("task_id") || (printer.job && printer.job->open());
    return protocol::QueryPrint{job ? std::optional(task_id) : std::nullopt};
  }
  if (name == "ota.update") {
    return protocol::UpdateFirmware{FirmwareOf(request)};
  }
  return BuildOther(request);
}

}  // namespace printfleet::fleet
