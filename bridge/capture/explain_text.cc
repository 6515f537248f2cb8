#include "capture/explain_text.h"

#include "base/text.h"

namespace printfleet::capture {
namespace {

constexpr size_t kTextBytesMax = 400;  // of one value, member or word

std::string Safe(std::string_view text) {
  return text.size() <= kTextBytesMax
             ? PrintableText(text, 3 * kTextBytesMax)
             : PrintableText(text.substr(0, kTextBytesMax), 3 * kTextBytesMax) + "…";
}

std::string Joined(const std::vector<std::string>& texts, std::string_view separator) {
  std::string out;
  for (const std::string& text : texts) {
    out.append(out.empty() ? "" : separator).append(Safe(text));
  }
  return out;
}

void AddList(std::string_view name, const std::vector<std::string>& texts, json::Writer& out) {
  out.Key(name).BeginArray();
  for (const std::string& text : texts) {
    out.String(text);
  }
  out.EndArray();
}

void AddCounts(std::string_view name, const std::map<std::string, int64_t>& counts,
               json::Writer& out) {
  out.Key(name).BeginObject();
  for (const auto& [what, count] : counts) {
    out.Member(what, count);
  }
  out.EndObject();
}

// A heading and the counts below it; nothing for none.
std::string CountsText(const std::string& heading, const std::map<std::string, int64_t>& counts) {
  std::string out = counts.empty() ? "" : heading + "\n";
  for (const auto& [what, count] : counts) {
    out += "  " + std::to_string(count) + " × " + Safe(what) + "\n";
  }
  return out;
}

std::string AnswersText(const std::string& model_id, const ModelSummary& model) {
  std::string out = "Model " + Safe(model_id) + ", " + std::to_string(model.printers) +
                    (model.printers == 1 ? " printer" : " printers") + ", firmware " +
                    (model.firmware.empty() ? "not said" : Joined(model.firmware, ", ")) + ":\n";
  for (const Answer& answer : model.answers) {
    std::string settled = "  " + std::string(Name(answer.settled));
    settled.resize(13, ' ');
    out += settled + answer.point + ": " + Safe(answer.text) + "\n";
  }
  return out;
}

}  // namespace

std::string TextOf(const Explanation& explanation) {
  const bool from = explanation.direction == Direction::kFromPrinter;
  std::string out = std::to_string(explanation.line) + " ";
  if (explanation.at) {
    out += FormatIso8601(*explanation.at).substr(11, 12) + " ";
  }
  out += std::string(from ? "<- " : "-> ") + Safe(explanation.model_id) + "/" +
         Safe(explanation.printer_id.substr(0, 8)) + " " + Safe(KindOf(explanation));
  out += explanation.state.empty() ? "" : " " + Safe(explanation.state);
  if (explanation.code && protocol::IsErrorCode(*explanation.code)) {
    out += " code " + std::to_string(*explanation.code);
  }
  out += (explanation.meaning.empty() ? "" : ": " + Safe(explanation.meaning)) + "\n";
  std::string fields;
  for (const Field& field : explanation.fields) {
    fields += " " + Safe(field.name) + "=" + Safe(field.json);
  }
  out += fields.empty() ? "" : "    " + fields + "\n";
  for (const std::string& change : explanation.changes) {
    out += "     => " + Safe(change) + "\n";
  }
  for (const std::string& surprise : explanation.surprises) {
    out += "     !  " + Safe(surprise) + "\n";
  }
  if (!explanation.ignored.empty()) {
    out += "     ignored: " + Joined(explanation.ignored, ", ") + "\n";
  }
  return out;
}

std::string TextOf(const Summary& summary) {
  std::string out = "\n" + std::to_string(summary.from_printers) + " messages from printers, " +
                    std::to_string(summary.to_printers) + " to them\n";
  out += CountsText("Kinds:", summary.kinds);
  out += CountsText("Not in the dossier, or otherwise than there:", summary.surprises);
  out += CountsText("Ignored members:", summary.ignored);
  out += summary.jobs.empty() ? "" : "Prints:\n";
  for (const std::string& job : summary.jobs) {
    out += "  " + Safe(job) + "\n";
  }
  out += "What this settles of what is not known of the wire:\n";
  for (const auto& [model_id, model] : summary.models) {
    out += AnswersText(model_id, model);
  }
  return out;
}

std::string JsonOf(const Explanation& explanation) {
  json::Writer out;
  out.BeginObject().Member("line", explanation.line);
  out.Member("direction", Name(explanation.direction));
  out.Member("model_id", explanation.model_id).Member("printer_id", explanation.printer_id);
  out.Member("type", explanation.type).Member("action", explanation.action);
  out.Member("state", explanation.state).Member("code", explanation.code);
  out.Member("meaning", explanation.meaning);
  out.Key("fields").BeginObject();
  for (const Field& field : explanation.fields) {
    out.Key(field.name);
    IsCleanUtf8(field.json) ? out.Raw(field.json) : out.String(field.json);
  }
  out.EndObject();
  AddList("changes", explanation.changes, out);
  AddList("surprises", explanation.surprises, out);
  AddList("ignored", explanation.ignored, out);
  return out.EndObject().Take();
}

std::string JsonOf(const Summary& summary) {
  json::Writer out;
  out.BeginObject().Key("summary").BeginObject();
  out.Member("from_printers", summary.from_printers).Member("to_printers", summary.to_printers);
  AddCounts("kinds", summary.kinds, out);
  AddCounts("surprises", summary.surprises, out);
  AddCounts("ignored", summary.ignored, out);
  AddList("jobs", summary.jobs, out);
  out.Key("models").BeginObject();
  for (const auto& [model_id, model] : summary.models) {
    out.Key(model_id).BeginObject().Member("printers", model.printers);
    AddList("firmware", model.firmware, out);
    out.Key("open_points").BeginArray();
    for (const Answer& answer : model.answers) {
      out.BeginObject().Member("point", answer.point);
      out.Member("settled", Name(answer.settled)).Member("answer", answer.text).EndObject();
    }
    out.EndArray().EndObject();
  }
  return out.EndObject().EndObject().EndObject().Take();
}

}  // namespace printfleet::capture
