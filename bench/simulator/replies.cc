#include "bench/simulator/replies.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cmath>

namespace printfleet::simulator {
namespace {

// One JSON object, written member by member.
class Object {
 public:
  Object() : writer_(buffer_) {
    writer_.SetMaxDecimalPlaces(3);
    writer_.StartObject();
  }

  Object& Text(std::string_view name, std::string_view value) {
    Key(name);
    writer_.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
    return *this;
  }

  Object& Int(std::string_view name, std::int64_t value) {
    Key(name);
    writer_.Int64(value);
    return *this;
  }

  Object& Float(std::string_view name, double value) {
    Key(name);
    writer_.Double(value);
    return *this;
  }

  Object& Bool(std::string_view name, bool value) {
    Key(name);
    writer_.Bool(value);
    return *this;
  }

  // `json` is JSON text already.
  Object& Raw(std::string_view name, std::string_view json) {
    Key(name);
    writer_.RawValue(json.data(), json.size(), rapidjson::kObjectType);
    return *this;
  }

  std::string Finish() {
    writer_.EndObject();
    return {buffer_.GetString(), buffer_.GetSize()};
  }

 private:
  void Key(std::string_view name) {
    writer_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
  }

  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_;
};

std::int64_t Rounded(double value) {
  return std::llround(value);
}

}  // namespace

std::string Report(const Envelope& envelope, std::string_view data) {
  // Source: payloads/anjomro_kobra-unleashed__report-tempature-auto-done__1.json, the K2 capture.
  return Object()
      .Text("type", envelope.type)
      .Text("action", envelope.action)
      .Text("msgid", envelope.msgid)
      .Text("state", envelope.state)
      .Int("timestamp", envelope.timestamp_ms)
      .Int("code", envelope.code)
      .Text("msg", envelope.msg)
      .Raw("data", data)
      .Finish();
}

std::string TemperatureData(const Temperatures& temperatures) {
  return Object()
      .Int("curr_hotbed_temp", Rounded(temperatures.bed_c))
      .Int("curr_nozzle_temp", Rounded(temperatures.nozzle_c))
      .Int("target_hotbed_temp", Rounded(temperatures.bed_target_c))
      .Int("target_nozzle_temp", Rounded(temperatures.nozzle_target_c))
      .Finish();
}

std::string FanData(int fan_speed_pct) {
  return Object()
      .Int("fan_speed_pct", fan_speed_pct)
      .Int("aux_fan_speed_pct", 0)
      .Int("box_fan_level", 0)
      .Finish();
}

std::string UpdatedData(const Temperatures& temperatures, const Settings& settings,
                        std::string_view task_id) {
  const std::string inner =
      Object()
          .Int("target_nozzle_temp", Rounded(temperatures.nozzle_target_c))
          .Int("target_hotbed_temp", Rounded(temperatures.bed_target_c))
          .Int("fan_speed_pct", settings.fan_speed_pct)
          .Int("print_speed_pct", std::int64_t{50} * settings.print_speed_mode)
          .Int("print_speed_mode", settings.print_speed_mode)
          .Float("z_comp", settings.z_comp)
          .Finish();
  return Object()
      .Text("taskid", task_id)
      .Int("curr_hotbed_temp", Rounded(temperatures.bed_c))
      .Int("curr_nozzle_temp", Rounded(temperatures.nozzle_c))
      .Raw("settings", inner)
      .Finish();
}

std::string TaskData(std::string_view task_id) {
  return Object().Text("taskid", task_id).Finish();
}

std::string ProgressData(std::string_view task_id, int progress_pct) {
  return Object().Text("taskid", task_id).Int("progress", progress_pct).Finish();
}

std::string JobData(const JobView& job) {
  return Object()
      .Text("taskid", job.task_id)
      .Text("localtask", job.local_task)
      .Text("filename", job.filename)
      .Int("progress", job.progress_pct)
      .Int("curr_layer", job.layer)
      .Int("total_layers", job.layers)
      .Float("print_time", job.printed_minutes)
      .Float("remain_time", job.remaining_minutes)
      .Float("supplies_usage", job.filament_mm)
      .Finish();
}

std::string SliceData(const JobView& job) {
  // Source: protocol.md §5 (an S1's; what a K2 says is unknown).
  const std::string slice = Object()
                                .Int("bed_temperature", Rounded(job.bed_target_c))
                                .Int("temperature", Rounded(job.nozzle_target_c))
                                .Float("layer_height", 0.2)
                                .Text("fill_density", "15%")
                                .Text("filament_type", "PLA")
                                .Int("perimeters", 2)
                                .Int("travel_speed", 300)
                                .Finish();
  return Object().Text("taskid", job.task_id).Raw("slice_param", slice).Finish();
}

std::string FileListData(const std::vector<const File*>& files) {
  std::string records = "[";
  for (const File* file : files) {
    records += records.size() > 1 ? "," : "";
    records += Object()
                   .Bool("is_dir", file->is_directory)
                   .Text("filename", file->name)
                   .Int("timestamp", file->modified_ms)
                   .Int("size", file->size_bytes)
                   .Finish();
  }
  return Object().Int("list_mode", 0).Raw("records", records + "]").Finish();
}

std::string VersionData(const Identity& identity) {
  // Source: payloads/jbatonnet_Rinkhals.apps__report-ota-reportVersion__1.json
  return Object()
      .Text("device_unionid", identity.id)
      .Text("machine_version", identity.machine_version)
      .Text("peripheral_version", "")
      .Text("firmware_version", identity.firmware)
      .Text("model_id", identity.model.id)
      .Finish();
}

std::string NumberData(std::string_view name, int value) {
  return Object().Int(name, value).Finish();
}

}  // namespace printfleet::simulator
