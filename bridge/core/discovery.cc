#include "core/discovery.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"

namespace printfleet::core {
namespace {

// How one reading of the state document is shown.
struct Sensor {
  std::string_view key;
  std::string_view name;
  std::string_view value;  // the template
  std::string_view unit = "";
  std::string_view device_class = "";
  std::string_view icon = "";
  bool measured = false;  // worth a graph
};

// `None` is unknown: what a printer has not said is null in the document.
constexpr Sensor kSensors[] = {
    {"state", "State", "{{ value_json.state }}", "", "", "mdi:printer-3d"},
    {"nozzle_temp", "Nozzle temperature", "{{ value_json.nozzle_temp_c }}", "°C", "temperature", "",
     true},
    {"nozzle_target", "Nozzle target", "{{ value_json.nozzle_target_c }}", "°C", "temperature", "",
     true},
    {"bed_temp", "Bed temperature", "{{ value_json.bed_temp_c }}", "°C", "temperature", "", true},
    {"bed_target", "Bed target", "{{ value_json.bed_target_c }}", "°C", "temperature", "", true},
    {"progress", "Progress",
     "{{ (value_json.job.progress_ratio * 100) | round(1) if value_json.job and "
     "value_json.job.progress_ratio is not none else None }}",
     "%", "", "mdi:progress-clock", true},
    {"remaining", "Remaining time",
     "{{ value_json.job.remaining_s | round(0) if value_json.job and "
     "value_json.job.remaining_s is not none else None }}",
     "s", "duration"},
    {"layer", "Layer", "{{ value_json.job.layer if value_json.job else None }}", "", "",
     "mdi:layers-triple"},
    {"layers", "Layers", "{{ value_json.job.layers if value_json.job else None }}", "", "",
     "mdi:layers-triple-outline"},
    {"file", "File", "{{ (value_json.job.filename or '')[:255] if value_json.job else None }}", "",
     "", "mdi:file"},
    {"error", "Last error",
     "{{ (value_json.last_error.text or value_json.last_error.code | string)[:255] "
     "if value_json.last_error else None }}",
     "", "", "mdi:alert-circle-outline"},
};

void MemberUnlessEmpty(json::Writer& writer, std::string_view name, std::string_view text) {
  if (!text.empty()) {
    writer.Member(name, text);
  }
}

// Letters, digits, "_" and "-" are all that Home Assistant takes.
std::string ObjectId(const PrinterId& printer) {
  const bool plain = std::all_of(printer.begin(), printer.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
  return "printfleet_" + (plain ? printer : "x" + HexText(printer));
}

void WriteAvailability(json::Writer& writer, const PrinterId& printer, std::string_view root) {
  writer.Member("availability_mode", "all")
      .Key("availability")
      .BeginArray()
      .BeginObject()
      .Member("topic", std::string(root) + "/bridge")
      .Member("value_template", "{{ 'offline' if value_json.state == 'offline' else 'online' }}")
      .EndObject()
      .BeginObject()
      .Member("topic", std::string(root) + "/printers/" + printer + "/state")
      .Member("value_template", "{{ 'online' if value_json.online else 'offline' }}")
      .EndObject()
      .EndArray();
}

void WriteComponents(json::Writer& writer, const std::string& object_id) {
  writer.Key("components").BeginObject();
  for (const Sensor& sensor : kSensors) {
    writer.Key(sensor.key)
        .BeginObject()
        .Member("platform", "sensor")
        .Member("unique_id", object_id + "_" + std::string(sensor.key))
        .Member("name", sensor.name)
        .Member("value_template", sensor.value);
    MemberUnlessEmpty(writer, "unit_of_measurement", sensor.unit);
    MemberUnlessEmpty(writer, "device_class", sensor.device_class);
    MemberUnlessEmpty(writer, "icon", sensor.icon);
    MemberUnlessEmpty(writer, "state_class", sensor.measured ? "measurement" : "");
    writer.EndObject();
  }
  writer.Key("problem")
      .BeginObject()
      .Member("platform", "binary_sensor")
      .Member("unique_id", object_id + "_problem")
      .Member("name", "Problem")
      .Member("device_class", "problem")
      .Member("value_template", "{{ 'ON' if value_json.state == 'fault' else 'OFF' }}")
      .EndObject()
      .EndObject();
}

}  // namespace

std::string DiscoveryTopic(std::string_view prefix, const PrinterId& printer) {
  return std::string(prefix) + "/device/" + ObjectId(printer) + "/config";
}

std::string DiscoveryDocument(const printer::Registration& printer, std::string_view topic_root) {
  const std::string object_id = ObjectId(printer.id);
  json::Writer writer;
  writer.BeginObject().Key("device").BeginObject().Key("identifiers").BeginArray();
  writer.String(object_id)
      .EndArray()
      .Member("name", printer.name)
      .Member("manufacturer", "Anycubic")
      .Member("model", printer.model)
      .Member("serial_number", printer.id);
  MemberUnlessEmpty(writer, "sw_version", printer.firmware);
  MemberUnlessEmpty(writer, "hw_version", printer.machine_version);
  writer.EndObject()
      .Key("origin")
      .BeginObject()
      .Member("name", "printfleet")
      .Member("sw_version", PRINTFLEET_VERSION)
      .EndObject()
      .Member("state_topic", std::string(topic_root) + "/printers/" + printer.id + "/state")
      .Member("qos", 1);
  WriteAvailability(writer, printer.id, topic_root);
  WriteComponents(writer, object_id);
  writer.EndObject();
  return writer.Take();
}

}  // namespace printfleet::core
