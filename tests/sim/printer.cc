#include "tests/sim/printer.h"

#include <utility>

#include "base/check.h"

namespace printfleet::sim {
namespace {

constexpr double kMisbehaves = 0.08;
constexpr double kPanelStart = 0.01;
constexpr int64_t kPrintMinMs = 120'000;
constexpr int64_t kPrintMaxMs = 1'500'000;

std::string Text(json::Value value, std::string_view name) {
  return std::string(value[name].String().value_or(""));
}

}  // namespace

Printer::Printer(int index, Surroundings& around) : around_(around) {
  constexpr std::array<std::string_view, 3> kModels{"20021", "20022", "20023"};
  constexpr std::array<std::string_view, 4> kFirmwares{"3.1.2", "3.1.0", "3.0.9", "2.3.9"};
  const std::string number = std::to_string(10000 + index);
  id_ = "0123456789abcdef0123456789a" + number;
  name_ = "p" + number.substr(1);
  model_id_ = kModels[static_cast<size_t>(index) % kModels.size()];
  firmware_ = kFirmwares[around.random.Below(kFirmwares.size())];
}

void Printer::After(int64_t ms, std::function<void()> then) {
  around_.later(ms, [this, boot = boots_, then = std::move(then)] {
    if (boot == boots_) {
      then();
    }
  });
}

void Printer::SwitchOn() {
  there_ = true;
  Say({"lastWill", "onlineReport", "online"});
  SayVersion("");
  SayWork("");
}

void Printer::Leave(bool will) {
  if (will) {
    Say({"lastWill", "onlineReport", "offline", "will-" + id_});
  }
  there_ = false;
}

void Printer::Live() {
  if (!there_) {
    return;
  }
  Random& random = around_.random;
  if (around_.trouble && random.Chance(0.01)) {  // it reboots: what it did is lost
    ++boots_;
    work_ = Work::kIdle;
    task_.clear();
    Leave(random.Chance(0.5));
    After(random.Between(5'000, 40'000), [this] { SwitchOn(); });
    return;
  }
  if (work_ == Work::kPrinting || work_ == Work::kPaused) {
    if (work_ == Work::kPrinting && around_.clock.ms >= ends_ms_) {
      EndJob("finished", "start", "");
    } else {
      Say({"print", "start", work_ == Work::kPaused ? "paused" : "printing", "", 200, JobData()});
    }
    return;
  }
  if (work_ == Work::kIdle && random.Chance(kPanelStart)) {
    Start("panel" + std::to_string(++panel_tasks_) + name_, "");
    return;
  }
  SayWork("");
}

// -- What it is told --

void Printer::Hear(std::string_view payload) {
  json::Parser parser;
  const auto parsed = parser.Parse(payload, {});
  CHECK(parsed.ok());
  const std::string type = Text(*parsed, "type");
  const std::string action = Text(*parsed, "action");
  const std::string msgid = Text(*parsed, "msgid");
  if (type == "print") {
    HearPrint(action, msgid, (*parsed)["data"]);
  } else {
    HearOther(type, action, msgid, (*parsed)["data"]);
  }
}

void Printer::HearPrint(const std::string& action, const std::string& msgid, json::Value data) {
  const bool has_job =
      work_ == Work::kPrinting || work_ == Work::kPaused || work_ == Work::kStarting;
  if (action == "start") {
    if (work_ == Work::kIdle) {
      Start(Text(data, "taskid"), msgid);
    } else {
      Answer({"print", "start", "failed", msgid, 10109,
              "{\"taskid\":\"" + Text(data, "taskid") + "\"}"});
    }
  } else if (action == "pause" && work_ == Work::kPrinting) {
    work_ = Work::kPaused;
    Answer({"print", "pause", "pausing", msgid, 200, JobData()});
    After(3'000, [this, msgid] { Answer({"print", "pause", "paused", msgid, 200, JobData()}); });
  } else if (action == "resume" && work_ == Work::kPaused) {
    work_ = Work::kPrinting;
    Answer({"print", "resume", "resumed", msgid, 200, JobData()});
  } else if ((action == "stop" || action == "cancel") && has_job) {
    EndJob("stoped", action, msgid);
  } else if (action == "update") {
    Answer({"print", "update", "updated", msgid});
  } else if (action == "query" && has_job) {
    Answer(
        {"print", "query", work_ == Work::kPaused ? "paused" : "printing", msgid, 200, JobData()});
  }
}

void Printer::HearOther(const std::string& type, const std::string& action,
                        const std::string& msgid, json::Value data) {
  if (type == "status") {
    SayWork(msgid);
  } else if (type == "ota" && action == "reportVersion") {
    SayVersion(msgid);
  } else if (type == "ota" && action == "update" && work_ == Work::kIdle) {
    Update(Text(data, "firmware_version"), msgid);
  } else if (type == "file" && action == "deleteLocal") {
    deleted_.insert(Text(data, "filename"));
    Answer({type, action, "success", msgid});
  } else if (type == "file" && action == "listLocal") {
    Answer({type, action, "done", msgid, 200, R"({"records":[]})"});
  } else if (type == "set") {
    Answer({type, action, "updated", msgid});
  } else if (type == "video") {
    Answer({type, action, "initSuccess", msgid});
  }
}

void Printer::Start(const std::string& task, const std::string& msgid) {
  begun_.insert(task);
  task_ = task;
  work_ = Work::kStarting;
  Answer({"print", "start", "downloading", msgid, 200, JobData()});
  After(around_.random.Between(1'000, 8'000), [this, msgid] {
    if (work_ == Work::kStarting) {
      Answer({"print", "start", "preheating", msgid, 200, JobData()});
    }
  });
  After(around_.random.Between(10'000, 30'000), [this] {
    if (work_ == Work::kStarting) {
      work_ = Work::kPrinting;
      ends_ms_ = around_.clock.ms + around_.random.Between(kPrintMinMs, kPrintMaxMs);
      Say({"print", "start", "printing", "", 200, JobData()});
    }
  });
}

void Printer::Update(const std::string& version, const std::string& msgid) {
  work_ = Work::kUpdating;
  Answer({"ota", "update", "downloading", msgid, 200, R"({"progress":10})"});
  After(around_.random.Between(20'000, 60'000), [this, version] {
    ++boots_;
    Leave(around_.random.Chance(0.5));
    work_ = Work::kIdle;
    firmware_ = around_.random.Chance(0.9) ? version : firmware_;
    After(around_.random.Between(5'000, 20'000), [this] { SwitchOn(); });
  });
}

void Printer::EndJob(const std::string& word, const std::string& action, const std::string& msgid) {
  const std::string data = JobData();
  work_ = Work::kIdle;
  task_.clear();
  Answer({"print", action, word, msgid, 200, data});
  After(2'000, [this] { SayWork(""); });
}

// -- What it says --

std::string Printer::JobData() const {
  return "{\"taskid\":\"" + task_ + R"(","filename":"a.gcode","progress":10})";
}

void Printer::SayWork(const std::string& msgid) {
  Answer({"status", "workReport", work_ == Work::kIdle ? "free" : "busy", msgid});
}

void Printer::SayVersion(const std::string& msgid) {
  Answer(
      {"ota", "reportVersion", "done", msgid, 200, R"({"firmware_version":")" + firmware_ + "\"}"});
}

void Printer::Answer(Words words) {
  Random& random = around_.random;
  if (!around_.trouble || !random.Chance(kMisbehaves)) {
    Say(words);
    return;
  }
  Words failed = words;
  failed.state = "failed";
  failed.code = 10104;
  switch (random.Below(7)) {
    case 0:  // never
      return;
    case 1:  // late
      After(random.Between(5'000, 150'000), [this, words] { Say(words); });
      return;
    case 2:  // twice
      Say(words);
      After(random.Between(10, 3'000), [this, words] { Say(words); });
      return;
    case 3:  // with another's msgid
      words.msgid = around_.any_msgid();
      Say(words);
      return;
    case 4:  // without one
      words.msgid.clear();
      Say(words);
      return;
    case 5:  // success, then failure
      Say(words);
      After(random.Between(10, 3'000), [this, failed] { Say(failed); });
      return;
    default:  // failure, then success
      Say(failed);
      After(random.Between(10, 3'000), [this, words] { Say(words); });
      return;
  }
}

void Printer::Say(const Words& words) {
  if (!there_) {
    return;
  }
  json::Writer writer;
  writer.BeginObject().Member("type", words.type).Member("action", words.action);
  writer.Member("msgid", words.msgid.empty() ? id_ + "-" + std::to_string(++said_) : words.msgid);
  writer.Member("timestamp", kStartMs + around_.clock.ms)
      .Member("state", words.state)
      .Member("code", words.code)
      .Key("data")
      .Raw(words.data.empty() ? "null" : words.data)
      .EndObject();
  around_.publish(*this, words.type, writer.Take());
}

}  // namespace printfleet::sim
