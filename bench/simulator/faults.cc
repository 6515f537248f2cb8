#include "bench/simulator/faults.h"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <array>
#include <utility>

namespace printfleet::simulator {
namespace {

using rapidjson::Document;
using rapidjson::Value;
using Mutation = void (*)(Document&);

void SetText(Document& report, const char* name, const char* text) {
  if (report.HasMember(name)) {
    report[name].SetString(rapidjson::StringRef(text));
  }
}

bool StateIs(const Document& report, const char* word) {
  const auto state = report.FindMember("state");
  return state != report.MemberEnd() && state->value == word;
}

void OtherWord(Document& report) {
  for (const auto& [from, to] : {std::pair{"stoped", "stopped"},
                                 {"done", "success"},
                                 {"success", "done"},
                                 {"finished", "finish"}}) {
    if (StateIs(report, from)) {
      SetText(report, "state", to);
      return;
    }
  }
}

// A number as a float, or text as a number: what other models of the family do.
void RetypeMember(Document& report, Value& data, const char* name) {
  const auto member = data.FindMember(name);
  if (member == data.MemberEnd()) {
    return;
  }
  if (member->value.IsInt()) {
    member->value.SetDouble(member->value.GetInt());
  } else if (member->value.IsString()) {
    const std::string text = member->value.GetString();
    if (!text.empty() && text.size() < 10 && text.find_first_not_of("0123456789") == text.npos) {
      member->value.SetInt(std::stoi(text));
    }
  } else if (member->value.IsDouble()) {
    member->value.SetString(std::to_string(member->value.GetDouble()).c_str(),
                            report.GetAllocator());
  }
}

void RetypeData(Document& report) {
  const auto data = report.FindMember("data");
  if (data != report.MemberEnd() && data->value.IsObject()) {
    for (const char* name :
         {"taskid", "progress", "curr_layer", "print_time", "curr_nozzle_temp"}) {
      RetypeMember(report, data->value, name);
    }
  }
}

// Source: protocol.md §2 and §8, points 2 to 8.
constexpr std::array<Mutation, 11> kMutations = {
    [](Document& report) { SetText(report, "type", ""); },
    [](Document& report) { report.RemoveMember("type"); },
    [](Document& report) { report.RemoveMember("code"); },
    [](Document& report) { report.RemoveMember("msg"); },
    [](Document& report) { SetText(report, "msgid", ""); },
    [](Document& report) { report["timestamp"].SetInt64(5586236); },
    [](Document& report) { report["code"].SetInt(0); },
    [](Document& report) { report["data"].SetNull(); },
    [](Document& report) { report.AddMember("unheard_of", 1, report.GetAllocator()); },
    OtherWord,
    RetypeData,
};

std::string EscapeSlashes(const std::string& payload) {
  std::string text;
  for (const char c : payload) {
    text += c == '/' ? "\\/" : std::string(1, c);
  }
  return text;
}

std::string Huge(std::size_t bytes) {
  std::string text = "{\"type\":\"print\",\"action\":\"start\",\"state\":\"printing\",\"msg\":\"";
  text.append(bytes, 'x');
  return text + "\",\"data\":null}";
}

}  // namespace

std::string Misspell(const std::string& payload, Random& random) {
  const auto choice =
      static_cast<std::size_t>(random.Between(0, static_cast<std::int64_t>(kMutations.size())));
  if (choice == kMutations.size()) {
    return EscapeSlashes(payload);
  }
  Document report;
  report.Parse<rapidjson::kParseIterativeFlag>(payload.data(), payload.size());
  for (const char* name : {"timestamp", "code", "data"}) {
    if (report.HasParseError() || !report.IsObject() || !report.HasMember(name)) {
      return payload;
    }
  }
  kMutations.at(choice)(report);
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  report.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

void FaultInjector::Apply(OutReport report, std::vector<OutReport>& out) {
  const std::size_t before = out.size();
  if (random_.Chance(options_.misspell)) {
    report.payload = Misspell(report.payload, random_);
  }
  const bool twice = random_.Chance(options_.duplicate);
  if (random_.Chance(options_.lose)) {
    // Neither it nor its copy.
  } else if (!held_ && random_.Chance(options_.reorder)) {
    held_ = std::move(report);
  } else {
    if (twice) {
      out.push_back(report);
    }
    out.push_back(std::move(report));
  }
  if (held_ && out.size() > before) {
    out.push_back(std::move(*held_));
    held_.reset();
  }
  if (random_.Chance(options_.garbage)) {
    out.push_back(Garbage());
  }
}

OutReport FaultInjector::Garbage() {
  static constexpr std::array<const char*, 6> kTails = {
      "print/report", "status/report", "tempature/report", "file/report", "zzz/report", "response"};
  const std::array<std::string, 14> payloads = {
      "",
      "not json",
      "{\"type\":\"print\",\"action\":\"start\",\"data\":{\"taskid\":\"48",
      "{\"msgid\":\"\"}",
      "[1,2,3]",
      "null",
      "\"text\"",
      std::string("\0\0\0\0", 4),
      "{\"type\":\"tempature\",\"state\":\"done\",\"data\":{\"curr_nozzle_temp\":\"hot\"}}",
      "{\"type\":\"print\",\"state\":{\"a\":1},\"code\":\"200\",\"data\":[]}",
      "{\"type\":\"print\",\"state\":\"printing\",\"data\":{\"progress\":1e308,\"curr_layer\":-7}}",
      "{\"type\":\"file\",\"action\":\"listLocal\",\"state\":\"done\",\"data\":{\"records\":"
      "[{\"filename\":\"\xba\xd0\xcc\xe5.gcode\",\"size\":\"big\"}]}}",
      std::string(20'000, '['),
      Huge(static_cast<std::size_t>(
          random_.Between(0, static_cast<std::int64_t>(options_.garbage_bytes_max)))),
  };
  const auto tail = static_cast<std::size_t>(random_.Between(0, kTails.size() - 1));
  const auto payload = static_cast<std::size_t>(random_.Between(0, payloads.size() - 1));
  return {kTails.at(tail), payloads.at(payload), "", false};
}

}  // namespace printfleet::simulator
