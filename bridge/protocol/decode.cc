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

using Reader = ReportBody (*)(const Message&);

template <auto kRead>
ReportBody Read(const Message& message) {
  return kRead(message);
}

ReportBody ReadAck(const Message& /*message*/) {
  return AckReport();
}

ReportBody ReadVideo(const Message& /*message*/) {
  return VideoReport();
}

// Known, not read further: what its data is does not matter.
ReportBody ReadOther(const Message& /*message*/) {
  return OtherReport();
}

// The types of reports, a row each: what stands in the topic, and who reads it.
// Source: shared protocol dossier §3; the rest of the firmware's own table is §3.8.
constexpr std::array<Word<Reader>, 39> kTypes{{{"print", Read<ReadPrintReport>},
                                               {"tempature", Read<ReadTemperatureReport>},
                                               {"temperature", Read<ReadTemperatureReport>},
                                               {"status", Read<ReadStatusReport>},
                                               {"lastWill", Read<ReadLastWillReport>},
                                               {"fan", Read<ReadFanReport>},
                                               {"set", Read<ReadFanReport>},
                                               {"file", Read<ReadFileReport>},
                                               {"ota", Read<ReadOtaReport>},
                                               {"video", ReadVideo},
                                               {"response", ReadAck},
                                               {"info", Read<ReadInfoReport>},
                                               {"user", ReadOther},
                                               {"peripherie", ReadOther},
                                               {"light", ReadOther},
                                               {"axis", ReadOther},
                                               {"multiColorBox", ReadOther},
                                               {"extfilbox", ReadOther},
                                               {"aiSettings", ReadOther},
                                               {"wifi", ReadOther},
                                               {"network", ReadOther},
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
                                               {"slice", ReadOther}}};

// The topic says what a message is; the message itself only where the topic's word is unknown.
Reader ReaderOf(std::string_view topic_type, const Message& message) {
  const std::optional<Reader> reader = MeaningOf(kTypes, topic_type);
  if (reader) {
    return *reader;
  }
  const std::optional<Reader> hinted = MeaningOf(kTypes, message.envelope.type);
  if (!hinted) {
    message.members.NoteUnknownWord("type", message.envelope.type);
  }
  return hinted.value_or(ReadOther);
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
  const Message message{report.envelope, fields, DialectOf(parsed->model_id)};
  report.body = ReaderOf(parsed->type, message)(message);
  if (trace != nullptr) {
    FindIgnored(*root, notes.taken_whole, *trace);
  }
  return report;
}

}  // namespace printfleet::protocol
