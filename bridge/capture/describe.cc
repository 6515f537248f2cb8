#include "capture/describe.h"

#include <optional>
#include <utility>

#include "capture/scrub.h"
#include "capture/sensitive.h"

namespace printfleet::capture {
namespace {

constexpr size_t kRecordsShown = 3;
constexpr size_t kRequestFieldsMax = 40;
constexpr int kRequestDepthMax = 8;

struct Meaning {
  std::string_view type;
  std::string_view action;
  std::string_view text;
};

// Source: shared protocol dossier §3.
constexpr Meaning kMeanings[] = {
    {"file", "listLocal", "list the files in its memory"},
    {"file", "listUdisk", "list the files on the USB stick"},
    {"file", "deleteLocal", "delete a file in its memory"},
    {"file", "deleteUdisk", "delete a file on the USB stick"},
    {"file", "cloudRecommendList", "offers files to print"},
    {"status", "query", "say whether it is free or busy"},
    {"print", "start", "start a print"},
    {"print", "pause", "pause the print"},
    {"print", "resume", "resume the print"},
    {"print", "stop", "stop the print"},
    {"print", "cancel", "cancel a print (effect unknown)"},
    {"print", "update", "change temperatures, fan, speed or Z offset"},
    {"print", "query", "say how the print goes"},
    {"print", "getSliceParam", "say what the print was sliced with"},
    {"print", "localtasktrans", "map a print started at the panel to a task (effect inferred)"},
    {"set", "update", "change the fan"},
    {"tempature", "query", "say its temperatures"},
    {"tempature", "set", "change its temperatures"},
    {"fan", "query", "say its fan's speed"},
    {"video", "startCapture", "start the camera"},
    {"video", "stopCapture", "stop the camera"},
    {"ota", "reportVersion", "say its firmware, or take note of an offered one"},
    {"ota", "update", "update its firmware"},
    {"axis", "move", "move an axis"},
    {"axis", "turnOff", "let the motors go"},
    {"info", "query", "say all it knows of itself"},
};

class Describer {
 public:
  std::vector<Field> Take() { return std::move(fields_); }

  void operator()(const protocol::PrintReport& report) {
    const protocol::JobBlock& job = report.job;
    Add("task_id", job.task_id);
    Add("local_task", job.local_task);
    Add("filename", job.filename);
    Add("progress_ratio", job.progress_ratio);
    Add("layer", job.layer);
    Add("layers", job.layers);
    Add("elapsed_s", job.elapsed_s);
    Add("remaining_s", job.remaining_s);
    Add("material_used_mm", job.material_used_mm);
    Add(report.temperatures);
    Add(report.settings);
    if (report.slice_params) {
      fields_.push_back({"slice_params", std::string(*report.slice_params)});
    }
  }

  void operator()(const protocol::StatusReport& report) { Add(report.work); }

  void operator()(const protocol::LastWillReport& report) {
    Add("online", std::optional(report.online));
  }

  void operator()(const protocol::TemperatureReport& report) { Add(report.temperatures); }

  void operator()(const protocol::FanReport& report) {
    Add("fan_ratio", report.fan_ratio);
    Add("auxiliary_fan_ratio", report.auxiliary_fan_ratio);
    Add("box_fan_level", report.box_fan_level);
  }

  void operator()(const protocol::FileReport& report) {
    Add("done", std::optional(report.done));
    Add("files", std::optional(static_cast<int64_t>(report.records.size())));
    for (size_t i = 0; i < report.records.size() && i < kRecordsShown; ++i) {
      const protocol::FileRecord& record = report.records[i];
      json::Writer out;
      out.BeginObject().Member("name", std::string_view(record.filename));
      out.Member("size_bytes", record.size_bytes);
      out.Key("modified_at");
      record.modified_at ? out.String(FormatIso8601(*record.modified_at)) : out.Null();
      out.Member("is_directory", record.is_directory).EndObject();
      fields_.push_back({"files[" + std::to_string(i) + "]", out.Take()});
    }
    if (!report.recommended.empty()) {
      Add("recommended", std::optional(static_cast<int64_t>(report.recommended.size())));
    }
  }

  void operator()(const protocol::OtaReport& report) {
    Add("firmware", report.firmware);
    Add("machine_version", report.machine_version);
    Add("peripheral_version", report.peripheral_version);
    Add("model_id", report.model_id);
    Add("progress_ratio", report.progress_ratio);
  }

  void operator()(const protocol::InfoReport& report) {
    Add(report.work);
    Add("firmware", report.firmware);
    if (report.project) {
      (*this)(*report.project);
    }
    Add(report.temperatures);
    Add(report.settings);
    Add("auxiliary_fan_ratio", report.auxiliary_fan_ratio);
    Add("box_fan_level", report.box_fan_level);
  }

  void operator()(const protocol::UserReport& report) { Add("done", std::optional(report.done)); }

  void operator()(const protocol::NetworkReport& report) {
    Add("done", std::optional(report.done));
  }

  void operator()(const protocol::PeripheralsReport& report) {
    Add("camera", report.camera);
    Add("filament_box", report.filament_box);
    Add("usb_stick", report.usb_stick);
  }

  void operator()(const protocol::LightReport& report) {
    for (size_t i = 0; i < report.lights.size() && i < kRecordsShown; ++i) {
      const std::string light = "lights[" + std::to_string(i) + "].";
      Add(light + "on", report.lights[i].on);
      Add(light + "brightness_ratio", report.lights[i].brightness_ratio);
    }
  }

  void operator()(const protocol::AxisReport& report) {
    Add("x_mm", report.x_mm);
    Add("y_mm", report.y_mm);
    Add("z_mm", report.z_mm);
  }

  void operator()(const protocol::WifiReport& report) {
    Add("signal_strength", report.signal_strength);
  }

  void operator()(const protocol::FilamentBoxReport& report) {
    Add("done", std::optional(report.done));
    Add("boxes", std::optional(static_cast<int64_t>(report.boxes.size())));
  }

  void operator()(const protocol::SpoolHolderReport& report) {
    Add("material", report.material);
    Add("loaded", report.loaded);
  }

  // Types of which nothing but the envelope is used.
  template <typename Other>
  void operator()(const Other& /*report*/) {}

 private:
  template <typename T>
  void Add(std::string_view name, const std::optional<T>& value) {
    if (!value) {
      return;
    }
    json::Writer out;
    if constexpr (std::is_convertible_v<T, std::string_view>) {
      out.String(*value);
    } else if constexpr (std::is_same_v<T, bool>) {
      out.Bool(*value);
    } else if constexpr (std::is_integral_v<T>) {
      out.Int(*value);
    } else {
      out.Number(*value);
    }
    fields_.push_back({std::string(name), out.Take()});
  }

  void Add(protocol::WorkState work) {
    if (work != protocol::WorkState::kUnknown) {
      Add("work",
          std::optional<std::string_view>(work == protocol::WorkState::kFree ? "free" : "busy"));
    }
  }

  void Add(const protocol::Temperatures& said) {
    Add("nozzle_temp_c", said.nozzle_c);
    Add("nozzle_target_c", said.nozzle_target_c);
    Add("bed_temp_c", said.bed_c);
    Add("bed_target_c", said.bed_target_c);
    Add("chamber_temp_c", said.chamber_c);
    Add("chamber_target_c", said.chamber_target_c);
  }

  void Add(const protocol::PrintSettings& said) {
    Add("fan_ratio", said.fan_ratio);
    if (said.speed_mode) {
      Add("speed_mode", std::optional(Name(*said.speed_mode)));
    }
    Add("speed_ratio", said.speed_ratio);
    Add("z_offset_mm", said.z_offset_mm);
  }

  std::vector<Field> fields_;
};

void AddRequestFields(json::Value value, const std::string& path, int depth,
                      std::vector<Field>& fields) {
  for (size_t i = 0; i < value.size() && fields.size() < kRequestFieldsMax; ++i) {
    const std::string_view name = value.member_name(i);
    const json::Value member = value.member_value(i);
    const std::string inside = path.empty() ? std::string(name) : path + "." + std::string(name);
    if (SensitivityOf(name) == Sensitivity::kSecret) {
      fields.push_back({inside, "\"" + std::string(kRedacted) + "\""});
    } else if (member.IsObject() && depth < kRequestDepthMax) {
      AddRequestFields(member, inside, depth + 1, fields);
    } else {
      fields.push_back({inside, member.Text()});
    }
  }
}

}  // namespace

std::vector<Field> FieldsOf(const protocol::ReportBody& body) {
  Describer describer;
  std::visit(describer, body);
  return describer.Take();
}

std::vector<Field> FieldsOfRequest(json::Value data) {
  std::vector<Field> fields;
  if (data.IsObject()) {
    AddRequestFields(data, "", 0, fields);
  }
  return fields;
}

std::string_view MeaningOf(std::string_view type, std::string_view action) {
  for (const Meaning& meaning : kMeanings) {
    if (meaning.type == type && meaning.action == action) {
      return meaning.text;
    }
  }
  return "";
}

}  // namespace printfleet::capture
