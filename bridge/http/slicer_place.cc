#include "http/slicer_place.h"

#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"

namespace printfleet::http {
namespace {

constexpr json::Limits kResponseLimits{.bytes_max = 1 << 20};
constexpr size_t kReasonsMax = 10;  // of printers, in a message

struct Kind {
  std::string_view letter;
  std::string_view selector;
  std::string_view word;
};

constexpr Kind kKinds[] = {
    {"p", "printers", "printer"}, {"g", "groups", "group"}, {"m", "models", "model"}};

std::string Text(json::Value value) {
  return std::string(value.String().value_or(""));
}

// A printer's state in OctoPrint's words, and its flags.
struct StateWord {
  std::string_view text;
  bool printing = false;
  bool paused = false;
  bool ready = false;
  bool error = false;
};

StateWord WordOf(std::string_view state) {
  if (state == "idle") {
    return {.text = "Operational", .ready = true};
  }
  if (state == "paused" || state == "pausing") {
    return {.text = "Paused", .paused = true};
  }
  if (state == "fault") {
    return {.text = "Error", .error = true};
  }
  if (state == "offline" || state == "unknown") {
    return {.text = "Offline", .error = true};
  }
  return {.text = "Printing", .printing = true};  // also what comes before and after it
}

void WriteTemperature(json::Writer& writer, std::string_view name, json::Value printer,
                      std::string_view heater) {
  writer.Key(name)
      .BeginObject()
      .Member("actual", printer[std::string(heater) + "_temp_c"].Number())
      .Member("target", printer[std::string(heater) + "_target_c"].Number())
      .Member("offset", 0)
      .EndObject();
}

std::string PrinterDocument(const StateWord& word, json::Value printer) {
  json::Writer writer;
  writer.BeginObject().Key("temperature").BeginObject();
  if (printer.IsObject()) {
    WriteTemperature(writer, "tool0", printer, "nozzle");
    WriteTemperature(writer, "bed", printer, "bed");
  }
  writer.EndObject().Key("sd").BeginObject().Member("ready", false).EndObject();
  writer.Key("state")
      .BeginObject()
      .Member("text", word.text)
      .Key("flags")
      .BeginObject()
      .Member("operational", !word.error)
      .Member("printing", word.printing)
      .Member("paused", word.paused)
      .Member("pausing", false)
      .Member("cancelling", false)
      .Member("ready", word.ready)
      .Member("sdReady", false)
      .Member("error", word.error)
      .Member("closedOrError", word.error)
      .EndObject()
      .EndObject()
      .EndObject();
  return writer.Take();
}

std::string JobDocument(const StateWord& word, json::Value job) {
  const auto ratio = job["progress_ratio"].Number();
  json::Writer writer;
  writer.BeginObject().Key("job").BeginObject().Key("file").BeginObject();
  writer.Member("name", job["filename"].String()).Member("origin", "local").EndObject();
  writer.EndObject().Key("progress").BeginObject();
  writer.Member("completion", ratio ? std::optional(*ratio * 100) : std::nullopt)
      .Member("printTime", job["elapsed_s"].Number())
      .Member("printTimeLeft", job["remaining_s"].Number())
      .EndObject();
  writer.Member("state", word.text).EndObject();
  return writer.Take();
}

}  // namespace

std::optional<Place> PlaceOf(std::string_view path) {
  constexpr std::string_view kApi = "/api/";
  const size_t api = path.find(kApi);
  if (api == std::string_view::npos) {
    return std::nullopt;
  }
  Place place;
  place.prefix = path.substr(0, api);
  place.rest = path.substr(api + kApi.size());
  while (place.rest.ends_with('/')) {
    place.rest.pop_back();
  }
  if (api == 0) {
    place.name = "the farm";
    place.target = R"({"all":true})";
    return place;
  }
  for (const Kind& kind : kKinds) {
    const std::string begin = "/" + std::string(kind.letter) + "/";
    if (!place.prefix.starts_with(begin)) {
      continue;
    }
    const std::string name = place.prefix.substr(begin.size());
    if (name.empty() || name.find('/') != std::string::npos || !IsCleanUtf8(name)) {
      return std::nullopt;
    }
    json::Writer writer;
    writer.BeginObject().Key(kind.selector).BeginArray().String(name).EndArray().EndObject();
    place.target = writer.Take();
    place.name = std::string(kind.word) + " " + name;
    place.one = kind.letter == "p";
    return place;
  }
  return std::nullopt;
}

std::string RequestJson(const std::string& id, std::string_view command, const std::string& target,
                        std::string_view args, std::string_view options) {
  json::Writer writer;
  writer.BeginObject().Member("id", id).Member("command", command);
  if (!target.empty()) {
    writer.Key("target").Raw(target);
  }
  writer.Key("args").Raw(args).Key("options").Raw(options).EndObject();
  return writer.Take();
}

std::string NewRequestId() {
  std::string id = RandomSecret();
  id[12] = '4';  // RFC 4122: random
  id[16] = "89ab"[static_cast<size_t>(id[16] & 3)];
  for (const size_t at : {size_t{8}, size_t{13}, size_t{18}, size_t{23}}) {
    id.insert(at, "-");
  }
  return id;
}

std::optional<std::string> WhyNothingStarts(const Place& place, const std::string& response) {
  json::Parser parser;
  const auto parsed = parser.Parse(response, kResponseLimits);
  if (!parsed.ok()) {
    return "the bridge's answer cannot be read";
  }
  const std::string event = Text((*parsed)["event"]);
  if (event == "rejected") {
    return Text((*parsed)["message"]);
  }
  const int64_t matched = (*parsed)["matched"].Int().value_or(0);
  const json::Value skipped = (*parsed)["skipped"];
  if (event == "accepted" && matched > static_cast<int64_t>(skipped.size())) {
    return std::nullopt;
  }
  std::string why = "no printer of " + place.name + " can start now";
  for (size_t i = 0; i < std::min(skipped.size(), kReasonsMax); ++i) {
    const std::string message = Text(skipped.at(i)["message"]);
    why += (i == 0 ? ": " : "; ") + Text(skipped.at(i)["name"]) + " " +
           Text(skipped.at(i)["reason"]) + (message.empty() ? "" : " (" + message + ")");
  }
  return skipped.size() > kReasonsMax ? why + "; …" : why;
}

std::optional<PrinterDocuments> DocumentsOf(const Place& place, const std::string& response) {
  json::Parser parser;
  const auto parsed = parser.Parse(response, kResponseLimits);
  if (!parsed.ok() || (*parsed)["event"].String() != "done") {
    return std::nullopt;
  }
  const json::Value printers = (*parsed)["result"]["printers"];
  if (place.one && printers.size() == 1) {
    const StateWord word = WordOf(Text(printers.at(0)["state"]));
    return PrinterDocuments{PrinterDocument(word, printers.at(0)),
                            JobDocument(word, printers.at(0)["job"])};
  }
  // Of many: ready where any is, busy where all are.
  StateWord word{.text = "Offline", .error = true};
  for (size_t i = 0; i < printers.size(); ++i) {
    const StateWord one = WordOf(Text(printers.at(i)["state"]));
    if (one.ready || (word.error && !one.error)) {
      word = one;
    }
  }
  return PrinterDocuments{PrinterDocument(word, {}), JobDocument(word, {})};
}

std::string FilesDocument(const std::string& response) {
  json::Parser parser;
  const auto parsed = parser.Parse(response, kResponseLimits);
  json::Writer writer;
  writer.BeginObject().Key("files").BeginArray();
  const json::Value files = parsed.ok() ? (*parsed)["result"]["files"] : json::Value();
  for (size_t i = 0; i < files.size(); ++i) {
    const std::string name = Text(files.at(i)["name"]);
    writer.BeginObject()
        .Member("name", name)
        .Member("path", name)
        .Member("display", name)
        .Member("type", "machinecode")
        .Member("origin", "local")
        .Member("size", files.at(i)["size_bytes"].Int())
        .Member("hash", files.at(i)["md5"].String())
        .EndObject();
  }
  writer.EndArray().EndObject();
  return writer.Take();
}

std::string UploadDocument(const Place& place, std::string_view name, bool started) {
  json::Writer writer;
  writer.BeginObject().Key("files").BeginObject().Key("local").BeginObject();
  writer.Member("name", name).Member("path", name).Member("origin", "local").Key("refs");
  writer.BeginObject()
      .Member("resource", place.prefix + "/api/files/local/" + PercentEncoded(name))
      .EndObject()
      .EndObject()
      .EndObject();
  writer.Member("done", true).Member("effectiveSelect", false).Member("effectivePrint", started);
  writer.EndObject();
  return writer.Take();
}

}  // namespace printfleet::http
