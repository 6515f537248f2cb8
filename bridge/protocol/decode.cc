#include "protocol/decode.h"

#include <array>
#include <utility>

#include "protocol/dialect.h"
#include "protocol/envelope.h"
#include "protocol/fields.h"
#include "protocol/file_report.h"
#include "protocol/info_report.h"
#include "protocol/last_will_report.h"
#include "protocol/message.h"
#include "protocol/ota_report.h"
#include "protocol/print_report.h"
#include "protocol/status_report.h"
#include "protocol/temperature_report.h"
#include "protocol/words.h"

namespace printfleet::protocol {
namespace {

enum class Kind {
  kPrint,
  kStatus,
  kLastWill,
  kTemperature,
  kFan,
  kFile,
  kOta,
  kVideo,
  kAck,
  kInfo,
  kOther,   // known, not decoded
  kNoType,  // not a type we know
};

// Source: shared protocol dossier §3; the rest of the firmware's own table is §3.8.
constexpr std::array<Word<Kind>, 39> kKinds{{{"print", Kind::kPrint},
                                             {"status", Kind::kStatus},
                                             {"lastWill", Kind::kLastWill},
                                             {"tempature", Kind::kTemperature},
                                             {"temperature", Kind::kTemperature},
                                             {"fan", Kind::kFan},
                                             {"set", Kind::kFan},
                                             {"file", Kind::kFile},
                                             {"ota", Kind::kOta},
                                             {"video", Kind::kVideo},
                                             {"response", Kind::kAck},
                                             {"info", Kind::kInfo},
                                             {"user", Kind::kOther},
                                             {"peripherie", Kind::kOther},
                                             {"light", Kind::kOther},
                                             {"axis", Kind::kOther},
                                             {"multiColorBox", Kind::kOther},
                                             {"extfilbox", Kind::kOther},
                                             {"aiSettings", Kind::kOther},
                                             {"wifi", Kind::kOther},
                                             {"network", Kind::kOther},
                                             {"buried", Kind::kOther},
                                             {"event", Kind::kOther},
                                             {"properties", Kind::kOther},
                                             {"filament", Kind::kOther},
                                             {"screenSaver", Kind::kOther},
                                             {"levelling", Kind::kOther},
                                             {"zoff", Kind::kOther},
                                             {"preheating", Kind::kOther},
                                             {"exposure", Kind::kOther},
                                             {"residual", Kind::kOther},
                                             {"airpure", Kind::kOther},
                                             {"releaseFilm", Kind::kOther},
                                             {"smartResinVat", Kind::kOther},
                                             {"resin", Kind::kOther},
                                             {"autoOperation", Kind::kOther},
                                             {"online", Kind::kOther},
                                             {"offline", Kind::kOther},
                                             {"slice", Kind::kOther}}};

// The topic says what a message is; the message itself only where the topic's word is unknown.
Kind KindOf(std::string_view topic_type, std::string_view message_type) {
  const Kind kind = MeaningOf(kKinds, topic_type, Kind::kNoType);
  return kind == Kind::kNoType ? MeaningOf(kKinds, message_type, Kind::kNoType) : kind;
}

ReportBody ReadBody(Kind kind, const Message& message) {
  switch (kind) {
    case Kind::kPrint:
      return ReadPrintReport(message);
    case Kind::kStatus:
      return ReadStatusReport(message);
    case Kind::kLastWill:
      return ReadLastWillReport(message);
    case Kind::kTemperature:
      return ReadTemperatureReport(message);
    case Kind::kFan:
      return ReadFanReport(message);
    case Kind::kFile:
      return ReadFileReport(message);
    case Kind::kOta:
      return ReadOtaReport(message);
    case Kind::kVideo:
      return VideoReport();
    case Kind::kAck:
      return AckReport();
    case Kind::kInfo:
      return ReadInfoReport(message);
    case Kind::kOther:
    case Kind::kNoType:
      return OtherReport();
  }
  return OtherReport();
}

// Of the types that are read no further, what `data` is does not matter.
bool ReadsData(Kind kind) {
  return kind != Kind::kAck && kind != Kind::kVideo && kind != Kind::kOther &&
         kind != Kind::kNoType;
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
  report.model_id = parsed->model_id;
  report.printer_id = parsed->printer_id;
  const Fields fields(*root, report.field_errors);
  report.envelope = ReadEnvelope(fields, parsed->type);
  const Kind kind = KindOf(parsed->type, report.envelope.type);
  if (ReadsData(kind)) {
    const Fields data = fields.Object("data");
    report.body = ReadBody(kind, {report.envelope, data, DialectOf(parsed->model_id)});
  } else {
    report.body = ReadBody(kind, {report.envelope, fields, DialectOf(parsed->model_id)});
  }
  return report;
}

}  // namespace printfleet::protocol
