// Files, status, video, settings and fan: the commands that do not move a job.
#include <cmath>

#include "bench/simulator/printer.h"

namespace printfleet::simulator {
namespace {

constexpr double kNozzleMaxC = 300;
constexpr double kBedMaxC = 110;

// A whole number within a range; "" when absent or right, else what is wrong.
std::string ReadInt(const rapidjson::Value* object, const char* name, std::int64_t max,
                    std::optional<std::int64_t>& value) {
  if (object == nullptr || !object->HasMember(name)) {
    return "";
  }
  value = IntMember(object, name);
  if (!value || *value < 0 || *value > max) {
    return std::string(name) + ": expected a whole number from 0 to " + std::to_string(max);
  }
  return "";
}

// The seed shows z_comp as a string, kobra-unleashed sends a number: a printer takes both.
std::optional<double> ReadOffset(const rapidjson::Value& settings) {
  if (const auto number = NumberMember(&settings, "z_comp")) {
    return number;
  }
  const std::string text = StringMember(&settings, "z_comp").value_or("");
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

const rapidjson::Value* ObjectMember(const rapidjson::Value* object, const char* name) {
  if (object == nullptr) {
    return nullptr;
  }
  const auto member = object->FindMember(name);
  return member != object->MemberEnd() && member->value.IsObject() ? &member->value : nullptr;
}

}  // namespace

FileStore& Printer::Storage(const Request& request) {
  const bool usb = request.action == "listUdisk" || request.action == "deleteUdisk";
  return usb ? usb_ : local_;
}

void Printer::ListFiles(const Request& request) {
  // Both forms are seen: data.path (the vendor's) and path beside data (kobra-unleashed).
  auto path = StringMember(request.data(), "path");
  path = path ? path : StringMember(&request.body, "path");
  if (!path) {
    Malformed(request, "path: expected a string");
  } else if (path->empty()) {
    Fail(request, kPathEmpty, "path is empty");
  } else {
    Reply(request, "done", FileListData(Storage(request).List(*path)));
  }
}

void Printer::DeleteFile(const Request& request) {
  const auto path = StringMember(request.data(), "path");
  const auto filename = StringMember(request.data(), "filename");
  if (!path || !filename || filename->empty()) {
    Malformed(request, "path and filename: expected strings");
  } else if (!Storage(request).Remove(*path, *filename)) {
    Fail(request, kDeleteFailed, "delete local file failed");
  } else {
    Reply(request, "success", "null");
  }
}

void Printer::RecommendList(const Request& request) {
  const rapidjson::Value* data = request.data();
  if (data == nullptr || !data->HasMember("records")) {
    Reply(request, "done", "{\"records\":[]}");
    return;
  }
  const rapidjson::Value& records = (*data)["records"];
  if (!records.IsArray()) {
    Malformed(request, "records: expected an array");
    return;
  }
  for (const rapidjson::Value& record : records.GetArray()) {
    const rapidjson::Value* fields = record.IsObject() ? &record : nullptr;
    if (!StringMember(fields, "url") || !StringMember(fields, "md5")) {
      Malformed(request, "records[]: expected objects with url and md5");
      return;
    }
  }
  Reply(request, "done", "{\"records\":[]}");
}

void Printer::QueryStatus(const Request& request) {
  if (request.type == "tempature") {
    Reply(request, "done", TemperatureData(ReadTemperatures()));
    return;
  }
  const bool busy = levelling_ || ota_ != OtaStage::kNone || job_.phase() != Phase::kIdle;
  const bool echo = !request.msgid.empty() && random_.Chance(behaviour_.echo_msgid);
  const std::string msgid = echo ? request.msgid : NewMsgid();
  Emit("status/report", {"status", "workReport", busy ? "busy" : "free", kOk, "", msgid, now_ms_},
       "null");
}

void Printer::StartCapture(const Request& request) {
  if (request.data() != nullptr) {
    for (const char* name : {"region", "tmpSecretKey", "tmpSecretId", "sessionToken"}) {
      if (!StringMember(request.data(), name)) {
        Malformed(request, std::string(name) + ": expected a string");
        return;
      }
    }
  }
  Reply(request, "initSuccess", "null", "LanStream start success");
}

bool Printer::ReadSettings(const Request& request, Temperatures& wanted, Settings& settings) {
  const rapidjson::Value* given = ObjectMember(request.data(), "settings");
  if (given == nullptr || given->ObjectEmpty()) {
    Malformed(request, "settings: expected an object with members");
    return false;
  }
  std::optional<std::int64_t> nozzle_c;
  std::optional<std::int64_t> bed_c;
  std::optional<std::int64_t> fan_pct;
  std::optional<std::int64_t> mode;
  std::string problem = ReadInt(given, "target_nozzle_temp", 1000, nozzle_c);
  problem += ReadInt(given, "target_hotbed_temp", 1000, bed_c);
  problem += ReadInt(given, "fan_speed_pct", 100, fan_pct);
  problem += ReadInt(given, "print_speed_mode", 3, mode);
  if (problem.empty() && given->HasMember("z_comp")) {
    const auto offset = ReadOffset(*given);
    problem = offset ? "" : "z_comp: expected a number";
    settings.z_comp = offset.value_or(settings.z_comp);
  }
  if (!problem.empty() || mode.value_or(1) < 1) {
    Malformed(request, problem.empty() ? "print_speed_mode: expected 1 to 3" : problem);
    return false;
  }
  wanted.nozzle_target_c =
      static_cast<double>(nozzle_c.value_or(std::llround(wanted.nozzle_target_c)));
  wanted.bed_target_c = static_cast<double>(bed_c.value_or(std::llround(wanted.bed_target_c)));
  settings.fan_speed_pct = static_cast<int>(fan_pct.value_or(settings.fan_speed_pct));
  settings.print_speed_mode = static_cast<int>(mode.value_or(settings.print_speed_mode));
  return true;
}

void Printer::UpdateSettings(const Request& request) {
  const auto task_id = StringMember(request.data(), "taskid");
  if (!task_id || !IsTaskId(*task_id)) {
    Malformed(request, "taskid: expected a decimal string");
    return;
  }
  Temperatures wanted = ReadTemperatures();
  Settings settings = settings_;
  if (!ReadSettings(request, wanted, settings)) {
    return;
  }
  if (wanted.nozzle_target_c > kNozzleMaxC || wanted.bed_target_c > kBedMaxC) {
    Fail(request, kHeaterLimit, "heater limit");
    return;
  }
  nozzle_.SetTarget(wanted.nozzle_target_c, now_ms_);
  bed_.SetTarget(wanted.bed_target_c, now_ms_);
  const bool fan_changed = settings.fan_speed_pct != settings_.fan_speed_pct;
  settings_ = settings;
  Reply(request, "updated", UpdatedData(ReadTemperatures(), settings_, *task_id));
  if (fan_changed) {
    Say("fan", "auto", "done", FanData(settings_.fan_speed_pct));
  }
}

void Printer::SetFan(const Request& request) {
  std::optional<std::int64_t> outer_pct;
  std::optional<std::int64_t> inner_pct;
  std::string problem = ReadInt(request.data(), "fan_speed_pct", 100, outer_pct);
  problem += ReadInt(ObjectMember(request.data(), "settings"), "fan_speed_pct", 100, inner_pct);
  if (!problem.empty() || (!outer_pct && !inner_pct)) {
    Malformed(request, problem.empty() ? "fan_speed_pct: expected a whole number" : problem);
    return;
  }
  settings_.fan_speed_pct = static_cast<int>(inner_pct.value_or(outer_pct.value_or(0)));
  Reply(request, "updated", UpdatedData(ReadTemperatures(), settings_, last_task_id_));
  Say("fan", "auto", "done", FanData(settings_.fan_speed_pct));
}

}  // namespace printfleet::simulator
