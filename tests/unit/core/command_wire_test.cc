// Commands on their whole road, from the fleet's topic to the bytes for the printer, against the
// samples: the vendor's public list, field by field, and a program that drives real printers.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "core/core.h"
#include "tests/unit/protocol/fixtures.h"

namespace printfleet::core {
namespace {

using Members = std::map<std::string, std::string>;

constexpr char kId[] = "9347a110c5423fe412ce45533bfc10e6";
const std::string kServer = "anycubic/anycubicCloud/v1/server/printer/";

settings::ModelRegistry Models() {
  const std::string file = std::string(PRINTFLEET_SOURCE_DIR) + "/config/models.yaml";
  std::ifstream in(file, std::ios::binary);
  std::vector<settings::Problem> problems;
  auto models =
      settings::LoadModels(std::string(std::istreambuf_iterator<char>(in), {}), file, problems);
  EXPECT_TRUE(problems.empty());
  return models;
}

// One enrolled, idle printer with a clear bed.
class Bench {
 public:
  Bench(std::string model_id, const std::string& firmware) : model_id_(std::move(model_id)) {
    settings_.fleet.enrolment = settings::Enrolment::kAuto;
    core_ = std::make_unique<Core>(settings_, models_, error_codes_, users_, 1);
    for (const Session session : {Session::kReports, Session::kCommands}) {
      core_->links().OnUp(session, Now());
    }
    const Publish heartbeat = core_->Heartbeat(Now()).value();
    for (const Session session : {Session::kReports, Session::kCommands}) {
      Message message = Said(session, heartbeat.topic, heartbeat.payload);
      EXPECT_TRUE(core_->Receive(message));
    }
    Commit(Tick{});
    SayFree();
    if (!firmware.empty()) {
      Report("ota",
             R"({"type":"ota","action":"reportVersion","state":"done","code":200,"msgid":"v",)"
             R"("data":{"firmware_version":")" +
                 firmware + "\"}}");
    }
    Send("printer.set", R"({"bed":"clear"})");
  }

  // What goes to the printer because of the command, questions of our own left out.
  std::vector<Publish> Send(const std::string& command, const std::string& args) {
    const fleet::CommandSpec* spec = fleet::FindCommand(command);
    sent_.clear();
    Receive(Said(Session::kCommands, "fleet/v1/command",
                 "{\"id\":\"00000000-0000-4000-8000-00000000000" + std::to_string(++requests_) +
                     "\",\"command\":\"" + command +
                     "\",\"target\":{\"all\":true},\"args\":" + args + "}"));
    SayFree();  // the answer for those that want the state known anew
    std::vector<Publish> found;
    for (const Publish& publish : sent_) {
      const Members members = protocol::RequestMembers(publish.payload);
      if (publish.topic.starts_with(kServer) &&
          members.at("type") == "\"" + std::string(spec->message_type) + "\"" &&
          members.at("action") == "\"" + std::string(spec->message_action) + "\"") {
        found.push_back(publish);
      }
    }
    return found;
  }

  [[nodiscard]] std::string refusal() const {
    for (const Publish& publish : sent_) {
      if (publish.payload.find("\"rejected\"") != std::string::npos) {
        return publish.payload;
      }
    }
    return "";
  }

 private:
  [[nodiscard]] Instant Now() const {
    return {FromEpochMs(1700000000000 + now_ms_), MonoTime(milliseconds(now_ms_))};
  }

  [[nodiscard]] Message Said(Session session, std::string topic, std::string payload) const {
    Message message;
    message.session = session;
    message.topic = std::move(topic);
    message.payload = std::move(payload);
    message.received = Now();
    message.digest = MessageDigest(message.topic, message.payload);
    return message;
  }

  void Commit(const Event& event) {
    core_->Step(event, Now());
    for (Publish& publish : core_->Seal(Now()).publishes) {
      sent_.push_back(std::move(publish));
    }
    core_->Merge(Now());
  }

  void Receive(Message message) {
    EXPECT_FALSE(core_->Receive(message));
    Commit(std::move(message));
    now_ms_ += 1000;
    Commit(Tick{});
  }

  void Report(const std::string& type, const std::string& payload) {
    Receive(Said(Session::kReports,
                 "anycubic/anycubicCloud/v1/printer/public/" + model_id_ + "/" + kId + "/" + type +
                     "/report",
                 payload));
  }

  void SayFree() {
    Report("status", R"({"type":"status","action":"workReport","state":"free","msgid":"s)" +
                         std::to_string(now_ms_) + "\"}");
  }

  std::string model_id_;
  settings::Settings settings_;
  settings::ModelRegistry models_ = Models();
  settings::ErrorCodes error_codes_;
  settings::Users users_;
  std::unique_ptr<Core> core_;
  std::vector<Publish> sent_;
  int requests_ = 0;
  int64_t now_ms_ = 1000000;
};

// -- The public list, field by field --

struct Sample {
  const char* file;
  const char* command;
  const char* args;
  Members replaced = {};                // placeholders, and what a real value of ours becomes
  std::set<std::string> left_out = {};  // another row of the same sample has it
};

constexpr char kMd5[] = "943c0dff568dd508e21af2d894bb6b49";

#define SEED "ultimateshadsform_Anycubic-Kobra-2-Series-Tools__req-"
#define FIRMWARE                                                                            \
  R"({"url":"http://h/u","md5":"943c0dff568dd508e21af2d894bb6b49","size_bytes":115237115,)" \
  R"("version":"3.1.4","name":"firmware_name","force_update":true,"confirm":true})"

const Members kFirmware = {{"data.firmware_url", R"("http://h/u")"},
                           {"data.firmware_md5", "\"" + std::string(kMd5) + "\""},
                           {"data.firmware_size", "115237115"},
                           {"data.firmware_version", R"("3.1.4")"},
                           {"data.force_update", "true"}};

const std::vector<Sample>& Samples() {
  static const std::vector<Sample> kSamples = {
      {SEED "file-listLocal__1", "file.list_local", R"({"path":"/"})"},
      {SEED "file-listUdisk__1", "file.list_usb", R"({"path":"/"})"},
      {SEED "file-deleteLocal__1", "file.delete_local", R"({"path":"dir","filename":"filename"})"},
      {SEED "file-deleteUdisk__1", "file.delete_usb",
       R"({"path":"dir","filename_b64":"ZmlsZW5hbWU="})"},
      {SEED "cloudRecommendList__1",
       "cloud.recommend_list",
       R"({"records":[{"md5":"md5","url":"url","size_bytes":7,"image_url":"img_url",)"
       R"("estimated_s":60}]})",
       {{"data.records[].size", "7"}, {"data.records[].est_time", "60"}}},
      {SEED "status-query__1", "status.query", "{}"},
      {SEED "video-startCapture__1", "video.start_capture",
       R"({"region":"region","tmp_secret_key":"tmpSecret","tmp_secret_id":"tmpSecretId",)"
       R"("session_token":"sessionToken"})"},
      {SEED "print-getSliceParam__1", "print.slice_params", "{}"},
      {SEED "print-query__1", "print.query", "{}"},
      {SEED "print-localtasktrans__1", "print.map_local_task",
       R"({"task_id":"<taskid>","local_task":"<localtask>"})"},
      {SEED "print-start__1",
       "print.start",
       R"({"url":"https://h/a","md5":"943c0dff568dd508e21af2d894bb6b49","size_bytes":188000,)"
       R"("filename":"<filename>","project_type":1})",
       {{"data.url", R"("https://h/a")"},
        {"data.md5", "\"" + std::string(kMd5) + "\""},
        {"data.filesize", "188000"},
        {"data.filetype", "0"},
        {"data.project_type", "1"}},
       {"data.filepath"}},
      {SEED "print-start__1",
       "print.start",
       R"({"file":{"storage":"local","path":"<filepath>","filename":"<filename>"},"project_type":2})",
       {{"data.filetype", "1"}, {"data.project_type", "2"}},
       {"data.url", "data.md5", "data.filesize"}},
      {SEED "print-start__1",
       "print.start",
       R"({"file":{"storage":"usb","path":"<filepath>","filename":"<filename>"},"project_type":2})",
       {{"data.filetype", "2"}, {"data.project_type", "2"}},
       {"data.url", "data.md5", "data.filesize"}},
      {SEED "print-pause__1", "print.pause", R"({"task_id":"<taskid>"})"},
      {SEED "print-resume__1", "print.resume", R"({"task_id":"<taskid>"})"},
      {SEED "print-stop__1", "print.stop", R"({"task_id":"<taskid>"})"},
      {SEED "print-cancel__1", "print.cancel", R"({"task_id":"<taskid>"})"},
      {SEED "print-update__1",
       "print.update",
       R"({"nozzle_target_c":60,"bed_target_c":60,"fan_ratio":1,"print_speed_mode":"standard",)"
       R"("z_offset_mm":0.05,"unattended_ok":true})",
       {{"data.settings.z_comp", "0.05"}}},
      {SEED "ota-reportVersion__1", "ota.report_version", FIRMWARE, kFirmware},
      {SEED "ota-update__1", "ota.update", FIRMWARE, kFirmware},
  };
  return kSamples;
}

// The one sample that is no JSON, mended: its member is a list of the message's data, its type the
// action of type file.
std::string Mended(std::string text) {
  if (text.find("cloudRecommendList") == std::string::npos) {
    return text;
  }
  const size_t open = text.find('{', text.find("records"));
  const size_t close = text.find('}', open);
  std::string record = text.substr(open, close - open + 1);
  record.erase(record.rfind(','), 1);
  return R"({"type":"file","action":"cloudRecommendList","data":{"records":[)" + record + "]}}";
}

bool IsOfType(const std::string& json, fleet::WireType type) {
  const bool whole = json.find_first_not_of("-0123456789") == std::string::npos;
  switch (type) {
    case fleet::WireType::kString:
      return json.front() == '"';
    case fleet::WireType::kInteger:
      return whole;
    case fleet::WireType::kNumber:
      return whole || json.find_first_not_of("-+.eE0123456789") == std::string::npos;
    case fleet::WireType::kBoolean:
      return json == "true" || json == "false";
    case fleet::WireType::kAny:
      return true;
    case fleet::WireType::kNone:
      return false;
  }
  return false;
}

// The fields of a command's message and their types as schema/commands.yaml has them.
std::map<std::string, fleet::WireType> FieldsOf(const fleet::CommandSpec& spec, bool of_arguments) {
  std::map<std::string, fleet::WireType> fields;
  for (const auto& arguments : {spec.arguments, spec.members}) {
    for (const fleet::ArgumentSpec& argument : arguments) {
      for (const std::string_view path : argument.wire) {
        fields[std::string(path)] = argument.wire_type;
      }
    }
  }
  for (const fleet::FieldSpec& field : spec.sets) {
    if (!of_arguments) {
      fields[std::string(field.wire)] = field.wire_type;
    }
  }
  return fields;
}

// No argument sets the task of a start, which is ours, and of settings, which is the job's.
bool IsOurs(const Sample& sample, const std::string& path) {
  const std::string command = sample.command;
  return path == "data.taskid" && (command == "print.start" || command == "print.update");
}

class ListedCommand : public testing::TestWithParam<Sample> {};

TEST_P(ListedCommand, CarriesEveryFieldOfItsSample) {
  const Sample& sample = GetParam();
  const fleet::CommandSpec& spec = *fleet::FindCommand(sample.command);
  Bench bench("20021", "3.1.2");
  const auto sent = bench.Send(sample.command, sample.args);
  ASSERT_EQ(sent.size(), 1U) << sample.command << " " << bench.refusal();
  const Members message = protocol::RequestMembers(sent[0].payload);
  const Members listed =
      protocol::RequestMembers(Mended(protocol::FixtureNamed(sample.file).payload));
  const auto by_arguments = FieldsOf(spec, true);
  for (const auto& [path, value] : listed) {
    if (path == "type" || path == "action") {
      EXPECT_EQ(message.at(path), value);
      continue;
    }
    EXPECT_TRUE(by_arguments.contains(path) || IsOurs(sample, path)) << "no argument sets " << path;
    const auto found = message.find(path);
    EXPECT_EQ(found == message.end(), sample.left_out.contains(path)) << path;
    if (found == message.end()) {
      continue;
    }
    if (const auto replaced = sample.replaced.find(path); replaced != sample.replaced.end()) {
      EXPECT_EQ(value.front(), '"') << path << " is no placeholder";
      EXPECT_EQ(found->second, replaced->second) << path;
    } else if (!IsOurs(sample, path)) {
      EXPECT_EQ(found->second, value) << path;
    }
  }
}

TEST_P(ListedCommand, SendsOnlyWhatTheCatalogSaysInItsType) {
  const Sample& sample = GetParam();
  const auto fields = FieldsOf(*fleet::FindCommand(sample.command), false);
  Bench bench("20021", "3.1.2");
  const auto sent = bench.Send(sample.command, sample.args);
  ASSERT_EQ(sent.size(), 1U) << sample.command << " " << bench.refusal();
  for (const auto& [path, value] : protocol::RequestMembers(sent[0].payload)) {
    if (path == "type" || path == "action") {
      continue;
    }
    ASSERT_TRUE(fields.contains(path)) << sample.command << " sends " << path;
    EXPECT_TRUE(IsOfType(value, fields.at(path))) << path << " " << value;
  }
}

INSTANTIATE_TEST_SUITE_P(All, ListedCommand, testing::ValuesIn(Samples()),
                         [](const auto& row) { return "row" + std::to_string(row.index); });

TEST(ListedCommands, EverySampleIsInTheTableAndWhole) {
  int samples = 0;
  for (const protocol::Fixture& fixture : protocol::Fixtures()) {
    if (!fixture.file.starts_with(SEED)) {
      continue;
    }
    ++samples;
    std::set<std::string> missing = {"no row"};
    for (const Sample& sample : Samples()) {
      if (sample.file != fixture.file) {
        continue;
      }
      if (missing.erase("no row") == 1) {
        missing = sample.left_out;
      }
      std::erase_if(missing,
                    [&](const std::string& path) { return !sample.left_out.contains(path); });
    }
    EXPECT_TRUE(missing.empty()) << fixture.file << ": " << *missing.begin();
  }
  EXPECT_EQ(samples, 18);
}

// -- What a program that drives real Kobra 2 printers sends --

#define AGG "AGG2017_kobra-unleashed__"

struct Driven {
  const char* file;
  const char* command;
  const char* args;
  bool always = false;  // goes out, in both forms, while the firmware is not known
};

constexpr Driven kDriven[] = {
    {AGG "req-file-listLocal__1", "file.list_local", "{}", true},
    {AGG "req-file-listUdisk__1", "file.list_usb", "{}", true},
    {AGG "req-print-pause__1", "print.pause", R"({"task_id":"482913"})", true},
    {AGG "req-print-stop__1", "print.stop", R"({"task_id":"482913"})", true},
    {AGG "req-print-resume__1", "print.resume", R"({"task_id":"482913"})"},
    {AGG "req-set-update__1", "fan.set", R"({"fan_ratio":0.5})"},
    {AGG "req-print-start__1", "print.start",
     R"({"file":{"storage":"local","path":"/","filename":"cube.gcode"}})"},
    {AGG "req-print-start__2", "print.start",
     R"({"url":"http://192.168.1.234:5000/uploads/5f0c2c4e-7d1b-4b57-9d1c-2f8d8c0b7e11cube.gcode",)"
     R"("md5":"943c0dff568dd508e21af2d894bb6b49","size_bytes":188000,"filename":"cube.gcode"})"},
};

enum class Form { kShort, kLong, kUnknown };

struct Version {
  const char* firmware;
  Form form;
};

constexpr Version kVersions[] = {
    {"3.0.9", Form::kLong},  {"3.0.10", Form::kLong}, {"3.1", Form::kShort},
    {"3.1.0", Form::kShort}, {"3.1.2", Form::kShort}, {"v3.x\\n", Form::kUnknown},
    {"", Form::kUnknown},
};

std::set<std::string> Topics(const std::string& model, const fleet::CommandSpec& spec, Form form,
                             bool always) {
  const std::string short_form = kServer + model + "/" + kId + "/" + std::string(spec.message_type);
  const std::string long_form = short_form + "/" + std::string(spec.message_action);
  switch (form) {
    case Form::kShort:
      return {short_form};
    case Form::kLong:
      return {long_form};
    case Form::kUnknown:
      return always ? std::set{short_form, long_form} : std::set<std::string>{};
  }
  return {};
}

// Members as the driver sends them; the task of a start is ours, and lists say their path twice.
void ExpectSame(const Driven& driven, const std::string& payload) {
  Members ours = protocol::RequestMembers(payload);
  Members theirs = protocol::RequestMembers(protocol::FixtureNamed(driven.file).payload);
  if (std::string_view(driven.command) == "print.start") {
    EXPECT_TRUE(IsOfType(ours["data.taskid"], fleet::WireType::kString));
    theirs["data.taskid"] = ours["data.taskid"];
  }
  if (std::string_view(driven.command).starts_with("file.list")) {
    EXPECT_EQ(ours["data.path"], ours["path"]);
    ours.erase("data.path");
  }
  EXPECT_EQ(ours, theirs) << driven.file;
  for (size_t at = payload.find('/'); at != std::string::npos; at = payload.find('/', at + 1)) {
    EXPECT_EQ(payload[at - 1], '\\') << payload;  // as its wire text has every one
  }
}

TEST(DrivenPrinters, GetTheSameTopicsAndMessages) {
  for (const char* model : {"20021", "20022", "20023"}) {
    for (const Version& version : kVersions) {
      for (const Driven& driven : kDriven) {
        SCOPED_TRACE(std::string(model) + " " + version.firmware + " " + driven.file);
        Bench bench(model, version.firmware);
        std::set<std::string> topics;
        for (const Publish& publish : bench.Send(driven.command, driven.args)) {
          EXPECT_TRUE(topics.insert(publish.topic).second) << "twice on " << publish.topic;
          ExpectSame(driven, publish.payload);
        }
        EXPECT_EQ(topics,
                  Topics(model, *fleet::FindCommand(driven.command), version.form, driven.always))
            << bench.refusal();
      }
    }
  }
}

TEST(DrivenPrinters, WireTextHasEscapedSlashesToo) {
  const auto members =
      protocol::RequestMembers(protocol::FixtureNamed(AGG "wire-req-file-listLocal__1").payload);
  Bench bench("20021", "3.1.2");
  json::Parser parser;
  const std::string& quoted = members.at("_wire_text");
  const auto text = parser.Parse(quoted, json::Limits());
  ASSERT_TRUE(text.ok());
  const auto sent = bench.Send("file.list_local", "{}");
  ASSERT_EQ(sent.size(), 1U);
  Members ours = protocol::RequestMembers(sent[0].payload);
  ours.erase("data.path");
  EXPECT_EQ(ours, protocol::RequestMembers(*text->String()));
  EXPECT_NE(text->String()->find(R"("path": "\/")"), std::string::npos);
  EXPECT_NE(sent[0].payload.find(R"("path":"\/")"), std::string::npos) << sent[0].payload;
}

}  // namespace
}  // namespace printfleet::core
