#include "tests/unit/protocol/describe.h"

#include <array>
#include <cstdio>

namespace printfleet::protocol {
namespace {

constexpr std::array kActions{"start",  "pause",    "resume", "stop",           "update",
                              "cancel", "query",    "slice",  "localtasktrans", "monitor",
                              "auto",   "redetect", "ignore", "done",           "other"};
constexpr std::array kWords{"downloading", "checking", "preheating", "leveling", "printing",
                            "pausing",     "paused",   "resuming",   "resumed",  "stopping",
                            "stopped",     "failed",   "finished",   "updated",  "done",
                            "waiting",     "none",     "unknown"};
constexpr std::array kWork{"free", "busy", "unknown"};
constexpr std::array kFileActions{"list_local", "list_usb",  "delete_local",
                                  "delete_usb", "recommend", "other"};
constexpr std::array kVideo{"started", "joined", "left", "stopped",
                            "done",    "failed", "none", "unknown"};
constexpr std::array kUser{"bind_query", "unbind", "other"};
constexpr std::array kPlaces{"head", "chamber", "camera", "unknown"};
constexpr std::array kAxis{"move", "turn_off", "query", "other"};
constexpr std::array kBoxActions{"get_info",      "set_info",    "refresh",
                                 "set_dry",       "dry_status",  "feed",
                                 "set_auto_feed", "update_info", "other"};
constexpr std::array kSteps{"version", "start",           "downloading", "updating", "succeeded",
                            "failed",  "download_failed", "canceled",    "unknown"};

std::string Text(double number) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.10g", number);
  return text.data();
}

std::string Text(int64_t number) {
  return std::to_string(number);
}

std::string Text(std::string_view text) {
  return std::string(text);
}

std::string Text(bool flag) {
  return flag ? "yes" : "no";
}

std::string Text(WallTime time) {
  return FormatIso8601(time);
}

std::string Text(SpeedMode mode) {
  return std::string(Name(mode));
}

template <typename T>
std::string Pair(std::string_view name, const std::optional<T>& value) {
  return value ? " " + std::string(name) + "=" + Text(*value) : "";
}

std::string Of(const Temperatures& at) {
  return Pair("nozzle", at.nozzle_c) + Pair("nozzle_target", at.nozzle_target_c) +
         Pair("bed", at.bed_c) + Pair("bed_target", at.bed_target_c) +
         Pair("chamber", at.chamber_c) + Pair("chamber_target", at.chamber_target_c);
}

std::string Of(const PrintSettings& settings) {
  return Pair("fan", settings.fan_ratio) + Pair("speed", settings.speed_mode) +
         Pair("pace", settings.speed_ratio) + Pair("z", settings.z_offset_mm);
}

std::string Fans(const std::optional<double>& auxiliary_ratio, const std::optional<int64_t>& box) {
  return Pair("aux", auxiliary_ratio) + Pair("box", box);
}

std::string Of(const JobBlock& job) {
  return Pair("task", job.task_id) + Pair("local", job.local_task) + Pair("file", job.filename) +
         Pair("progress", job.progress_ratio) + Pair("layer", job.layer) +
         Pair("layers", job.layers) + Pair("elapsed", job.elapsed_s) +
         Pair("remaining", job.remaining_s) + Pair("used", job.material_used_mm);
}

struct Describer {
  std::string operator()(const OtherReport&) const { return "other"; }

  std::string operator()(const PrintReport& report) const {
    return std::string("print ") + kActions[static_cast<size_t>(report.action)] + "/" +
           kWords[static_cast<size_t>(report.word)] + Of(report.job) + Of(report.temperatures) +
           Of(report.settings) + Pair("slice", report.slice_params);
  }

  std::string operator()(const StatusReport& report) const {
    return std::string("status ") + kWork[static_cast<size_t>(report.work)];
  }

  std::string operator()(const LastWillReport& report) const {
    return report.online ? "online" : "offline";
  }

  std::string operator()(const TemperatureReport& report) const {
    return "temperature" + Of(report.temperatures);
  }

  std::string operator()(const FanReport& report) const {
    return "fan" + Pair("fan", report.fan_ratio) +
           Fans(report.auxiliary_fan_ratio, report.box_fan_level);
  }

  std::string operator()(const FileReport& report) const {
    std::string text = std::string("file ") + kFileActions[static_cast<size_t>(report.action)] +
                       (report.done ? " done" : "");
    for (const FileRecord& record : report.records) {
      text += "\n" + std::string(record.filename) + (record.is_directory ? "/" : "") +
              Pair("size", record.size_bytes) + Pair("at", record.modified_at);
    }
    for (const RecommendRecord& record : report.recommended) {
      text += "\n" + record.md5 + " " + record.url + Pair("size", record.size_bytes) + " " +
              record.image_url + Pair("time", record.estimated_s);
    }
    return text;
  }

  std::string operator()(const OtaReport& report) const {
    return std::string("ota ") + kSteps[static_cast<size_t>(report.step)] +
           Pair("progress", report.progress_ratio) + Pair("firmware", report.firmware) +
           Pair("machine", report.machine_version) + Pair("peripheral", report.peripheral_version) +
           Pair("model", report.model_id);
  }

  std::string operator()(const VideoReport& report) const {
    return std::string("video ") + kVideo[static_cast<size_t>(report.word)];
  }

  std::string operator()(const AckReport&) const { return "ack"; }

  std::string operator()(const InfoReport& report) const {
    return std::string("info ") + kWork[static_cast<size_t>(report.work)] +
           Pair("firmware", report.firmware) +
           (report.project ? " [" + (*this)(*report.project) + "]" : "") + Of(report.temperatures) +
           Of(report.settings) + Fans(report.auxiliary_fan_ratio, report.box_fan_level);
  }

  std::string operator()(const UserReport& report) const {
    return std::string("user ") + kUser[static_cast<size_t>(report.action)] +
           (report.done ? " done" : "");
  }

  std::string operator()(const PeripheralsReport& report) const {
    return "peripherals" + Pair("camera", report.camera) + Pair("box", report.filament_box) +
           Pair("usb", report.usb_stick);
  }

  std::string operator()(const LightReport& report) const {
    std::string text = "light";
    for (const Light& light : report.lights) {
      text += std::string("\n") + kPlaces[static_cast<size_t>(light.place)] + Pair("on", light.on) +
              Pair("brightness", light.brightness_ratio);
    }
    return text;
  }

  std::string operator()(const AxisReport& report) const {
    return std::string("axis ") + kAxis[static_cast<size_t>(report.action)] +
           Pair("x", report.x_mm) + Pair("y", report.y_mm) + Pair("z", report.z_mm);
  }

  std::string operator()(const WifiReport& report) const {
    return "wifi" + Pair("signal", report.signal_strength);
  }

  std::string operator()(const NetworkReport& report) const {
    return std::string("network") + (report.done ? " done" : "");
  }

  std::string operator()(const FilamentBoxReport& report) const {
    std::string text = std::string("boxes ") + kBoxActions[static_cast<size_t>(report.action)] +
                       (report.done ? " done" : "");
    for (const FilamentBox& box : report.boxes) {
      text += "\nbox" + Pair("id", box.id) + Pair("loaded", box.loaded_slot) +
              Pair("at", box.temperature_c) + Pair("drying", box.drying) +
              Pair("target", box.drying_target_c);
      for (const FilamentSlot& slot : box.slots) {
        text += "\n slot" + Pair("index", slot.index) + Pair("material", slot.material);
      }
    }
    return text;
  }

  std::string operator()(const SpoolHolderReport& report) const {
    return "holder" + Pair("material", report.material) + Pair("loaded", report.loaded);
  }
};

}  // namespace

std::string DescribeBody(const ReportBody& body) {
  return std::visit(Describer(), body);
}

std::string DescribeEnvelope(const Envelope& envelope) {
  return std::string(envelope.type)
             .append("/")
             .append(envelope.action)
             .append("/")
             .append(envelope.state) +
         Pair("code", envelope.code) + Pair("at", ReportedAt(envelope));
}

}  // namespace printfleet::protocol
