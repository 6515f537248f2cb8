#include "protocol/decode.h"

#include <algorithm>
#include <array>

#include "protocol/dialect.h"
#include "protocol/envelope.h"
#include "protocol/equipment_reports.h"
#include "protocol/fields.h"
#include "protocol/filament_report.h"
#include "protocol/file_report.h"
#include "protocol/info_report.h"
#include "protocol/last_will_report.h"
#include "protocol/message.h"
#include "protocol/network_report.h"
#include "protocol/ota_report.h"
#include "protocol/print_report.h"
#include "protocol/status_report.h"
#include "protocol/temperature_report.h"

namespace printfleet::protocol {
namespace {

struct ReportType {
  std::string_view name;  // as the topic has it
  ReportBody (*read)(const Message&);
};

template <auto kRead>
ReportBody Read(const Message& message) {
  return kRead(message);
}

ReportBody ReadAck(const Message& /*message*/) {
  return AckReport();
}

// Recognized, and no more: what its data is does not matter.
ReportBody ReadOther(const Message& /*message*/) {
  return OtherReport();
}

// The types of reports, a row each. Source: shared protocol dossier §3; those that are recognized
// only are of resin printers and the cloud, or nobody knows what they hold (§3.8).
constexpr auto kTypes = std::to_array<ReportType>({
    {"print", Read<ReadPrintReport>},
    {"tempature", Read<ReadTemperatureReport>},  // so spelt
    {"temperature", Read<ReadTemperatureReport>},
    {"status", Read<ReadStatusReport>},
    {"lastWill", Read<ReadLastWillReport>},
    {"fan", Read<ReadFanReport>},
    {"set", Read<ReadFanReport>},
    {"file", Read<ReadFileReport>},
    {"ota", Read<ReadOtaReport>},
    {"response", ReadAck},
    {"video", Read<ReadVideoReport>},
    {"info", Read<ReadInfoReport>},
    {"user", Read<ReadUserReport>},
    {"peripherie", Read<ReadPeripheralsReport>},
    {"light", Read<ReadLightReport>},
    {"axis", Read<ReadAxisReport>},
    {"wifi", Read<ReadWifiReport>},
    {"network", Read<ReadNetworkReport>},
    {"multiColorBox", Read<ReadFilamentBoxReport>},
    {"extfilbox", Read<ReadSpoolHolderReport>},
    {"aiSettings", ReadOther},
    {"buried", ReadOther},
    {"event", ReadOther},
    {"properties", ReadOther},
    {"filament", ReadOther},
    {"screenSaver", ReadOther},
    {"levelling", ReadOther},
    {"zoff", ReadOther},
    {"preheating", ReadOther},
    {"exposure", ReadOther},
    {"residual", ReadOther},
    {"airpure", ReadOther},
    {"releaseFilm", ReadOther},
    {"smartResinVat", ReadOther},
    {"resin", ReadOther},
    {"autoOperation", ReadOther},
    {"online", ReadOther},
    {"offline", ReadOther},
    {"slice", ReadOther},
});

constexpr ReportType kOther{kUnknownType, ReadOther};

const ReportType* FindType(std::string_view name) {
  const auto* const found = std::ranges::find(kTypes, name, &ReportType::name);
  return found == kTypes.end() ? nullptr : found;
}

// The topic says what a message is; the message itself only where the topic's word is unknown.
const ReportType& TypeOf(std::string_view topic_type, const Message& message) {
  if (const ReportType* type = FindType(topic_type)) {
    return *type;
  }
  if (const ReportType* hinted = FindType(message.envelope.type)) {
    return *hinted;
  }
  message.members.NoteUnknownWord("type", message.envelope.type);
  return kOther;
}

}  // namespace

std::string_view Name(Undecodable reason) {
  switch (reason) {
    case Undecodable::kForeignTopic:
      return "foreign_topic";
    case Undecodable::kOversize:
      return "oversize";
    case Undecodable::kTooDeep:
      return "too_deep";
    case Undecodable::kNotJson:
      return "not_json";
    case Undecodable::kNotObject:
      return "not_object";
  }
  return "";
}

std::variant<Report, DecodeFailure> Decoder::Decode(std::string_view topic,
                                                    std::string_view payload) {
  return Decode(topic, payload, nullptr);
}

std::variant<Report, DecodeFailure> Decoder::DecodeTraced(std::string_view topic,
                                                          std::string_view payload, Trace& trace) {
  trace = Trace();
  return Decode(topic, payload, &trace);
}

std::variant<Report, DecodeFailure> Decoder::Decode(std::string_view topic,
                                                    std::string_view payload, Trace* trace) {
  const std::optional<ReportTopic> parsed = ParseReportTopic(topic);
  if (!parsed) {
    return DecodeFailure{Undecodable::kForeignTopic, "not a printer's public topic"};
  }
  const Result<json::Value> root = parser_.Parse(payload, limits_);
  if (!root.ok()) {
    const Undecodable reason = root.error().code == Errc::kMalformed ? Undecodable::kNotJson
                               : payload.size() > limits_.bytes_max  ? Undecodable::kOversize
                                                                     : Undecodable::kTooDeep;
    return DecodeFailure{reason, root.error().message};
  }
  if (!root->IsObject()) {
    return DecodeFailure{Undecodable::kNotObject,
                         std::string("expected object, got ").append(root->TypeName())};
  }
  Report report;
  report.model_id = parser_.Keep(parsed->model_id);
  report.printer_id = parser_.Keep(parsed->printer_id);
  Notes notes{parser_, report.field_errors, trace, {}};
  const Fields fields(*root, notes);
  report.envelope = ReadEnvelope(fields, parser_.Keep(parsed->type));
  const Message message{report.envelope, fields, DialectOf(parsed->model_id, dialects_)};
  const ReportType& type = TypeOf(parsed->type, message);
  report.type = type.name;
  report.body = type.read(message);
  if (trace != nullptr) {
    FindIgnored(*root, notes.taken_whole, *trace);
  }
  return report;
}

}  // namespace printfleet::protocol
