// What real printers of the family said (tests/fixtures/captures), through the whole of core, as
// the printer that said it and as each Kobra 2: every message is accounted for, and the state
// document agrees with what a person reads in the messages. Expectations stand beside them.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "tests/unit/core/rig.h"

namespace printfleet::core {
namespace {

using testing::Rig;

constexpr std::array<std::string_view, 4> kModels{"", "20021", "20022", "20023"};  // "": its own
constexpr char kPrinter[] = "9347a110c5423fe412ce45533bfc10e6";
constexpr milliseconds kBetween{700};        // messages of one capture
constexpr milliseconds kAfterwards{60'000};  // until a job that nobody ends is settled

std::string ReadAll(const std::string& name) {
  std::ifstream in(std::filesystem::path(PRINTFLEET_SOURCE_DIR) / "tests/fixtures/captures" / name);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// Does `shown` have all of `expected`? Objects member by member, numbers to a millionth.
void ExpectHas(json::Value shown, json::Value expected, const std::string& path) {
  if (expected.IsObject() && shown.IsObject()) {
    for (size_t i = 0; i < expected.size(); ++i) {
      const std::string name(expected.member_name(i));
      ExpectHas(shown[name], expected.member_value(i), path + "." + name);
    }
  } else if (expected.IsNumber() && shown.IsNumber()) {
    EXPECT_NEAR(*shown.Number(), *expected.Number(), 1e-6) << path;
  } else {
    EXPECT_EQ(shown.Text(), expected.Text()) << path;
  }
}

// One printer of the rig and what became of its jobs.
class Replay {
 public:
  explicit Replay(std::string_view model_id) : model_id_(model_id) {
    rig_.BecomeLive();
    (void)rig_.Commit();
  }

  // Says it `times` times in one batch; the rows must show each of them.
  void Say(const std::string& type, const std::string& payload, int times = 1) {
    const Counters before = rig_.core().counters();
    for (int i = 0; i < times; ++i) {
      if (type == "response") {
        rig_.Step(rig_.Said(
            Session::kReports,
            "anycubic/anycubicCloud/v1/printer/public/" + model_id_ + "/" + kPrinter + "/response",
            payload));
      } else {
        rig_.Step(rig_.Report(model_id_, kPrinter, type, payload));
      }
    }
    const Effects effects = rig_.Commit();
    const uint64_t duplicates = rig_.core().counters().duplicates - before.duplicates;
    EXPECT_EQ(effects.rows.reports.size() + duplicates, static_cast<size_t>(times)) << payload;
    EXPECT_TRUE(effects.rows.dead_letters.empty()) << payload;
    EXPECT_EQ(rig_.core().counters().field_errors, before.field_errors) << payload;
  }

  void Pass(milliseconds time) {
    std::vector<Publish> published;
    rig_.Pass(time, published);
  }

  [[nodiscard]] const printer::Printer& printer() {
    return *rig_.core().world().printers.Find(kPrinter);
  }

  [[nodiscard]] std::string StateDocument() const { return rig_.StateDocument(kPrinter); }

  // Outcomes of the jobs in the store, in the order of their starts; "open" for one without.
  [[nodiscard]] std::string Outcomes() {
    std::string outcomes;
    for (const auto& [id, job] : rig_.store().jobs()) {
      outcomes += outcomes.empty() ? "" : " ";
      outcomes += job.open() ? "open" : printer::Name(job.outcome);
    }
    return outcomes;
  }

 private:
  Rig rig_;
  std::string model_id_;
};

// The type and the model that a capture's topic names.
struct Source {
  std::string type;
  std::string model_id;
};

Source SourceOf(json::Value line) {
  const auto topic = protocol::ParseReportTopic(line["topic"].String().value_or(""));
  EXPECT_TRUE(topic.has_value()) << line["topic"].Text();
  return topic ? Source{std::string(topic->type), std::string(topic->model_id)} : Source{};
}

void CheckLine(json::Value line, Replay& replay) {
  json::Parser parser;
  const std::string document = replay.StateDocument();
  const auto shown = parser.Parse(document, json::Limits{});
  ASSERT_TRUE(shown.ok());
  const json::Value then = line["then"];
  for (size_t i = 0; i < then.size(); ++i) {
    const std::string name(then.member_name(i));
    if (name == "outcomes") {
      EXPECT_EQ(replay.Outcomes(), then.member_value(i).String().value_or(""));
    } else {
      ExpectHas((*shown)[name], then.member_value(i), name);
    }
  }
}

class Captures : public ::testing::TestWithParam<std::string> {};

TEST_P(Captures, AreReadAsAPersonReadsThem) {
  const std::string text = ReadAll(GetParam() + ".jsonl");
  ASSERT_FALSE(text.empty());
  for (const std::string_view as : kModels) {
    std::unique_ptr<Replay> replay;
    std::istringstream lines(text);
    std::string line;
    json::Parser parser;
    for (int number = 1; std::getline(lines, line); ++number) {
      SCOPED_TRACE(GetParam() + ":" + std::to_string(number) + " as " + std::string(as));
      const auto parsed = parser.Parse(line, json::Limits{});
      ASSERT_TRUE(parsed.ok());
      const Source source = SourceOf(*parsed);
      if (!replay) {
        replay = std::make_unique<Replay>(as.empty() ? source.model_id : as);
      }
      replay->Say(source.type, (*parsed)["payload"].Text());
      CheckLine(*parsed, *replay);
      replay->Pass(kBetween);
    }
  }
}

// Each message three times, and each pair swapped: nothing is lost, and what ends stays ended.
TEST_P(Captures, SurviveDuplicatesAndDisorder) {
  const std::string text = ReadAll(GetParam() + ".jsonl");
  std::vector<std::pair<std::string, std::string>> messages;
  std::istringstream lines(text);
  json::Parser parser;
  for (std::string line; std::getline(lines, line);) {
    const auto parsed = parser.Parse(line, json::Limits{});
    ASSERT_TRUE(parsed.ok());
    messages.emplace_back(SourceOf(*parsed).type, (*parsed)["payload"].Text());
  }
  for (size_t i = 0; i + 1 < messages.size(); i += 2) {
    std::swap(messages[i], messages[i + 1]);
  }
  for (const std::string_view as : kModels) {
    Replay replay(as.empty() ? "20025" : as);
    for (const auto& [type, payload] : messages) {
      replay.Say(type, payload, 3);
      replay.Pass(kBetween);
    }
    replay.Say("status", R"({"type":"status","action":"workReport","state":"free"})");
    replay.Pass(kAfterwards);
    EXPECT_EQ(replay.Outcomes().find("open"), std::string::npos) << as;
  }
}

INSTANTIATE_TEST_SUITE_P(Of, Captures,
                         ::testing::Values("chrisfore_kobra_s1_max", "chrisfore_kobra_s1_max_info",
                                           "jbatonnet_kobra_3", "kobra_3_max", "metheos_kobra_s1",
                                           "modrzew_photon_p1", "molgovulgo_photon_m7",
                                           "nino6689_kobra_s1"),
                         [](const auto& test) { return test.param; });

// -- Nine days of a resin printer, rebuilt from the figures of its capture: 20 jobs. --

class NineDays {
 public:
  // At most `printing_max` of each job's start/printing reports.
  NineDays(std::string_view model_id, int64_t printing_max)
      : replay_(model_id), printing_max_(printing_max) {}

  void Job(json::Value job);
  // After a job, unless the capture ends in it.
  void Free();

  Replay& replay() { return replay_; }

 private:
  // Twice in a row: two subscriptions overlapped.
  void Say(const std::string& type, std::string_view action, std::string_view state,
           const std::string& data = "null");
  void Print(std::string_view action, std::string_view state, const std::string& more = "");
  void Progress(std::string_view state, int64_t layer);
  void Reconnect();

  Replay replay_;
  int64_t printing_max_;
  int messages_ = 0;
  std::string task_id_;
  std::string filename_;
  int64_t layers_ = 0;
};

void NineDays::Say(const std::string& type, std::string_view action, std::string_view state,
                   const std::string& data) {
  json::Writer writer;
  writer.BeginObject()
      .Member("type", type)
      .Member("action", action)
      .Member("state", state)
      .Member("msgid", "m" + std::to_string(++messages_))
      .Key("data")
      .Raw(data)
      .EndObject();
  replay_.Say(type, writer.Take(), 2);
}

void NineDays::Print(std::string_view action, std::string_view state, const std::string& more) {
  Say("print", action, state, R"({"taskid":")" + task_id_ + "\"" + more + "}");
}

void NineDays::Progress(std::string_view state, int64_t layer) {
  constexpr int64_t kPercent = 100;
  Print("start", state,
        R"(,"filename":")" + filename_ + R"(","curr_layer":)" + std::to_string(layer) +
            R"(,"total_layers":)" + std::to_string(layers_) + R"(,"progress":)" +
            std::to_string(std::min(layer, layers_) * kPercent / layers_));
}

// What it says whenever its connection is new.
void NineDays::Reconnect() {
  Say("lastWill", "onlineReport", "offline");
  replay_.Pass(kBetween);
  Say("lastWill", "onlineReport", "online");
  Say("ota", "reportVersion", "report-success", R"({"firmware_version":"1.0.1"})");
  Say("user", "bindQuery", "done");
  Say("file", "cloudRecommendList", "done", R"({"records":[]})");
}

void NineDays::Job(json::Value job) {
  const auto count = [&job](std::string_view name) { return job[name].Int().value_or(0); };
  task_id_ = job["taskid"].String().value_or("");
  filename_ = job["filename"].String().value_or("");
  layers_ = count("total_layers");
  for (int64_t i = 0; i < count("reconnects_before"); ++i) {
    Reconnect();
  }
  for (int64_t i = 0; i < count("axis_moves_before"); ++i) {
    Say("axis", "move", "done");
  }
  Say("status", "workReport", "free");
  Say("status", "workReport", "busy");
  const json::Value downloading = job["downloading"];
  for (size_t i = 0; i < downloading.size(); ++i) {
    Print("update", "downloading", R"(,"progress":)" + downloading.at(i).Text());
  }
  Progress("printing", 0);
  Print("monitor", "monitoring");
  Say("status", "workReport", "busy");
  for (int64_t i = 0; i < count("auto_operation"); ++i) {
    Print("autoOperation", "monitoring", R"(,"checkStatus":[{"name":"resin","status":0}])");
  }
  if (count("preheating") != 0) {
    Progress("preheating", 0);
  }
  for (int64_t i = 1; i < std::min(count("printing"), printing_max_); ++i) {
    Progress("printing", i);
  }
  if (count("finished") != 0) {
    Progress("finished", layers_);
  }
}

void NineDays::Free() {
  Say("status", "workReport", "free");
  replay_.Pass(kAfterwards);
}

TEST(NineDaysOfAPrinter, JobsEndAsTheirCaptureTells) {
  constexpr std::string_view kOwnModel = "128";
  constexpr int64_t kAll = 1'000'000;
  constexpr int64_t kSome = 50;
  const std::string text = ReadAll("molgovulgo_photon_m7_jobs.json");
  json::Parser parser;
  const auto jobs = parser.Parse(text, json::Limits{});
  ASSERT_TRUE(jobs.ok());
  ASSERT_EQ(jobs->size(), 20U);
  for (const std::string_view as : kModels) {
    NineDays days(as.empty() ? kOwnModel : as, as.empty() ? kAll : kSome);
    std::string expected;
    for (size_t i = 0; i < jobs->size(); ++i) {
      const std::string_view outcome = jobs->at(i)["outcome"].String().value_or("?");
      days.Job(jobs->at(i));
      expected += i == 0 ? "" : " ";
      expected += outcome.empty() ? "open" : outcome;
      if (!outcome.empty()) {
        days.Free();
        EXPECT_EQ(printer::EffectiveState(days.replay().printer()), printer::State::kIdle);
      }
    }
    EXPECT_EQ(days.replay().Outcomes(), expected) << as;
    EXPECT_EQ(printer::EffectiveState(days.replay().printer()), printer::State::kPrinting) << as;
  }
}

}  // namespace
}  // namespace printfleet::core
