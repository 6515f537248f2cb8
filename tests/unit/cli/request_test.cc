#include "cli/request.h"

#include <gtest/gtest.h>

namespace printfleet::cli {
namespace {

Result<std::string> NoFile(const std::string& file) {
  return Error{Errc::kInvalid, file + ": no such file"};
}

CommandHelp Help() {
  CommandHelp help;
  help.name = "x.y";
  help.arguments = {{"task_id", ArgumentKind::kText, true, false, ""},
                    {"groups", ArgumentKind::kList, false, false, ""},
                    {"file", ArgumentKind::kJson, false, false, ""},
                    {"bed_target_c", ArgumentKind::kJson, false, false, ""},
                    {"tmp_secret_key", ArgumentKind::kText, false, true, ""}};
  return help;
}

struct ArgsCase {
  std::vector<std::string> words;
  const char* json;
};

TEST(Args, AreTyped) {
  const CommandHelp help = Help();
  const ArgsCase kCases[] = {
      {{}, "{}"},
      {{"bed_target_c=60"}, R"({"bed_target_c":60})"},
      {{"z=-0.05", "on=true", "off=false", "none=null"},
       R"({"z":-0.05,"on":true,"off":false,"none":null})"},
      {{"name=a-01"}, R"({"name":"a-01"})"},
      {{"name=\"5\""}, R"({"name":"5"})"},
      {{"name=a=b"}, R"({"name":"a=b"})"},
      {{"name="}, R"({"name":""})"},
      {{"list=[1,2]"}, R"({"list":[1,2]})"},
      {{"task_id=482913"}, R"({"task_id":"482913"})"},
      {{"task_id=null"}, R"({"task_id":null})"},
      {{"groups=rack-a,rack-b"}, R"({"groups":["rack-a","rack-b"]})"},
      {{"groups="}, R"({"groups":[]})"},
      {{"groups=[\"x\"]"}, R"({"groups":["x"]})"},
      {{"file.storage=local", "file.path=/", "file.n.m=1"},
       R"({"file":{"storage":"local","path":"/","n":{"m":1}}})"},
      {{"labels.row=3"}, R"({"labels":{"row":"3"}})"},
      {{"filename=[1] spool.gcode"}, R"({"filename":"[1] spool.gcode"})"},
  };
  for (const auto& [words, json] : kCases) {
    const auto args = ArgsJson(words, &help, NoFile);
    ASSERT_TRUE(args.ok()) << args.error().message;
    EXPECT_EQ(*args, json);
  }
}

TEST(Args, SecretsComeFromFiles) {
  const CommandHelp help = Help();
  const auto file = [](const std::string& name) -> Result<std::string> { return name + "\n"; };
  EXPECT_EQ(*ArgsJson({"tmp_secret_key=@/k"}, &help, file), R"({"tmp_secret_key":"/k"})");
  EXPECT_EQ(*ArgsJson({"bed_target_c=@7"}, &help, file), R"({"bed_target_c":"7"})");
  const auto inlined = ArgsJson({"tmp_secret_key=abc"}, &help, file);
  ASSERT_FALSE(inlined.ok());
  EXPECT_EQ(inlined.error().message.find("abc"), std::string::npos);
  EXPECT_NE(inlined.error().message.find("tmp_secret_key=@FILE"), std::string::npos);
  EXPECT_FALSE(ArgsJson({"tmp_secret_key=@/k"}, &help, NoFile).ok());
}

TEST(Args, MistakesAreRefused) {
  const std::vector<std::vector<std::string>> kCases = {
      {"bed_target_c"}, {"=1"},   {"a=1", "a=2"}, {"a=1", "a.b=2"},       {"a.b=1", "a=2"},
      {"a..b=1"},       {".a=1"}, {"a.=1"},       {"a.b.c.d.e.f.g.h.i=1"}};
  for (const auto& words : kCases) {
    EXPECT_FALSE(ArgsJson(words, nullptr, NoFile).ok()) << words[0];
  }
}

TEST(Target, HasOnlyWhatIsSelected) {
  EXPECT_EQ(*TargetJson({}), "{}");
  Selectors selectors;
  selectors.all = true;
  EXPECT_EQ(*TargetJson(selectors), R"({"all":true})");
  selectors = {};
  selectors.printers = {"a-01", "a-02"};
  selectors.models = {"K2Plus"};
  selectors.groups = {"rack-a"};
  selectors.states = {"printing"};
  selectors.beds = {"clear"};
  selectors.enrolments = {"pending"};
  selectors.labels = {"row=3", "note=a=b"};
  selectors.firmware = "<3.1.2";
  selectors.exclude = {"a-07"};
  selectors.limit = 5;
  selectors.percent = 12.5;
  EXPECT_EQ(*TargetJson(selectors),
            R"({"printers":["a-01","a-02"],"models":["K2Plus"],"groups":["rack-a"],)"
            R"("labels":{"note":"a=b","row":"3"},"states":["printing"],"bed":["clear"],)"
            R"("enrolment":["pending"],"firmware":"<3.1.2","exclude":["a-07"],"limit":5,)"
            R"("percent":12.5})");
  selectors.labels = {"row"};
  EXPECT_FALSE(TargetJson(selectors).ok());
}

TEST(Request, HasTheContractsShape) {
  RequestOptions options;
  EXPECT_EQ(RequestJson("i", "fleet.hold", "{}", "{}", options),
            R"({"id":"i","command":"fleet.hold","args":{},"options":{}})");
  options.dry_run = true;
  options.timeout_s = 60;
  options.on_offline = "wait";
  options.max_in_flight = 10;
  options.if_matched = "sha";
  EXPECT_EQ(RequestJson("i", "print.pause", R"({"all":true})", "{}", options),
            R"({"id":"i","command":"print.pause","target":{"all":true},"args":{},"options":)"
            R"({"dry_run":true,"timeout_s":60,"on_offline":"wait","max_in_flight":10,)"
            R"("if_matched":"sha"}})");
}

TEST(Uuid, IsOfVersion4) {
  EXPECT_EQ(UuidText(std::string(16, '\xff')), "ffffffff-ffff-4fff-bfff-ffffffffffff");
  EXPECT_EQ(UuidText(std::string(16, '\0')), "00000000-0000-4000-8000-000000000000");
  EXPECT_TRUE(IsUuid(NewUuid()));
  EXPECT_NE(NewUuid(), NewUuid());
  for (const auto* wrong : {"", "x", "00000000-0000-4000-8000-00000000000g",
                            "00000000000000000000000000000000000000"}) {
    EXPECT_FALSE(IsUuid(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace printfleet::cli
