// printer.diagnose's answer as text.
#include "base/text.h"
#include "cli/render.h"

namespace printfleet::cli {
namespace {

constexpr size_t kFindingBytesMax = 1000;

void Add(std::string& text, std::string_view label, const std::string& value) {
  if (!value.empty() && value != "-") {
    text.append("  ").append(label).append(": ").append(value).append("\n");
  }
}

std::string PresenceText(json::Value printer) {
  std::string text = CellText(printer["presence"]);
  for (const char* reason : {"offline_reason", "suspected_of"}) {
    if (printer[reason].String()) {
      text += " (" + CellText(printer[reason]) + ")";
    }
  }
  if (printer["session"].String()) {
    text += ", session " + CellText(printer["session"]);
  }
  return printer["flapping"].Bool().value_or(false) ? text + ", flapping" : text;
}

std::string ReportText(json::Value printer) {
  return printer["last_report_at"].String()
             ? CellText(printer["last_report_at"]) + " " + CellText(printer["last_report_type"])
             : "";
}

void AddConnections(std::string& text, json::Value printer) {
  const json::Value connections = printer["connections"];
  for (size_t i = 0; i < connections.size(); ++i) {
    const json::Value each = connections.at(i);
    Add(text, "connected",
        CellText(each["at"]) + " from " + CellText(each["address"]) + ", user " +
            CellText(each["user"]) + ", MQTT " + CellText(each["protocol"]) + ", keep alive " +
            CellText(each["keep_alive_s"]) + " s: " + CellText(each["outcome"]) +
            (each["ended_at"].String() ? " at " + CellText(each["ended_at"]) : ""));
  }
  const json::Value refused = printer["refused_connections"];
  for (size_t i = 0; i < refused.size(); ++i) {
    const json::Value each = refused.at(i);
    Add(text, "refused",
        CellText(each["at"]) + " from " + CellText(each["address"]) + ": " +
            CellText(each["reason"]) +
            (each["detail"].String() ? ", " + CellText(each["detail"]) : ""));
  }
  const json::Value denied = printer["denied_topics"];
  for (size_t i = 0; i < denied.size(); ++i) {
    Add(text, "not allowed to publish",
        CellText(denied.at(i)["topic"]) + " (" + CellText(denied.at(i)["count"]) + " times)");
  }
}

}  // namespace

std::string DiagnosisText(json::Value result) {
  std::string text;
  const json::Value printers = result["printers"];
  for (size_t i = 0; i < printers.size(); ++i) {
    const json::Value printer = printers.at(i);
    text += (printer["name"].String() ? CellText(printer["name"]) + " " : "") +
            CellText(printer["printer_id"]) + "\n";
    const json::Value findings = printer["findings"];
    for (size_t j = 0; j < findings.size(); ++j) {
      const auto finding = findings.at(j).String().value_or("");
      text += "  * " + PrintableText(finding, kFindingBytesMax) + "\n";
    }
    Add(text, "presence", PresenceText(printer));
    Add(text, "address", CellText(printer["address"]));
    Add(text, "last report", ReportText(printer));
    Add(text, "last will", CellText(printer["last_will_at"]));
    Add(text, "answers",
        "status " + CellText(printer["answered"]["status"]) + ", version " +
            CellText(printer["answered"]["version"]));
    AddConnections(text, printer);
  }
  if (result["broker_log"].String() != "all") {
    text += "The broker's log is not (or not all) ours to read: topics it refuses are not seen.\n";
  }
  return text;
}

}  // namespace printfleet::cli
