// schema/commands.yaml: what is read, what is refused and where.
#include "generate/commands.h"

#include <gtest/gtest.h>

namespace printfleet::generate {
namespace {

const std::string kPause =
    "commands:\n"
    "  - name: print.pause\n"
    "    kind: printer\n"
    "    help: pause the job\n"
    "    succeeded: it says paused\n"
    "    deadline_s: 60\n"
    "    message: print/pause\n"
    "    arguments:\n"
    "      - {name: task_id, type: text, wire: [data.taskid], wire_type: string, help: the task}\n";

std::vector<std::string> Problems(const std::string& text) {
  std::vector<settings::Problem> problems;
  ReadCommands(text, "c.yaml", problems);
  std::vector<std::string> texts;
  for (const settings::Problem& problem : problems) {
    texts.push_back(problem.Text());
  }
  return texts;
}

TEST(Commands, AreReadAsTheyStand) {
  std::vector<settings::Problem> problems;
  const auto commands = ReadCommands(kPause, "c.yaml", problems);
  ASSERT_TRUE(problems.empty()) << problems[0].Text();
  ASSERT_EQ(commands.size(), 1U);
  EXPECT_EQ(commands[0].kind, "kPrinter");
  EXPECT_EQ(commands[0].role, "kOperator");
  EXPECT_EQ(commands[0].deadline_s, 60);
  EXPECT_EQ(commands[0].total_s, 60);
  EXPECT_TRUE(commands[0].repeatable);
  EXPECT_EQ(commands[0].message_type, "print");
  EXPECT_EQ(commands[0].message_action, "pause");
  ASSERT_EQ(commands[0].arguments.size(), 1U);
  EXPECT_EQ(commands[0].arguments[0].wire, std::vector<std::string>{"data.taskid"});
  EXPECT_EQ(commands[0].arguments[0].wire_type, "kString");
}

TEST(Commands, MembersHaveTheirOwnersName) {
  std::vector<settings::Problem> problems;
  const auto commands = ReadCommands(
      "commands:\n"
      "  - name: a\n"
      "    kind: fleet\n"
      "    help: a\n"
      "    succeeded: b\n"
      "    arguments:\n"
      "      - {name: file, type: object, help: f, members: [{name: path, type: text, help: p}]}\n"
      "      - {name: list, type: array, help: l, members: [{name: md5, type: text, help: m}]}\n",
      "c.yaml", problems);
  ASSERT_TRUE(problems.empty()) << problems[0].Text();
  ASSERT_EQ(commands[0].members.size(), 2U);
  EXPECT_EQ(commands[0].members[0].name, "file.path");
  EXPECT_EQ(commands[0].members[1].name, "list[].md5");
}

struct Mistake {
  const char* line;     // behind kPause
  const char* problem;  // its text
};

constexpr Mistake kMistakes[] = {
    {"  - {kind: fleet, help: a, succeeded: b}\n", "c.yaml:10:5: commands[1]: name is missing"},
    {"  - {name: x, kind: fleet, help: a}\n", "c.yaml:10:5: commands[1]: succeeded is missing"},
    {"  - {name: print.pause, kind: fleet, help: a, succeeded: b}\n",
     "c.yaml:10:12: commands[1].name: \"print.pause\" is here twice"},
    {"  - {name: x, kind: flet, help: a, succeeded: b}\n",
     "c.yaml:10:21: commands[1].kind: \"flet\" is not one of printer, registry, fleet, question; "
     "did you mean \"fleet\"?"},
    {"  - {name: x, kind: fleet, help: a, succeeded: b, deadline_s: 5}\n",
     "c.yaml:10:63: commands[1].deadline_s: goes only with kind printer"},
    {"  - {name: x, kind: printer, help: a, succeeded: b}\n",
     "c.yaml:10:5: commands[1]: deadline_s is missing"},
    {"  - {name: x, kind: printer, help: a, succeeded: b, deadline_s: 5, total_s: 4}\n",
     "c.yaml:10:77: commands[1].total_s: is below deadline_s"},
    {"  - {name: x, kind: printer, help: a, succeeded: b, deadline_s: 5, message: print}\n",
     "c.yaml:10:77: commands[1].message: expected type/action, like print/pause"},
    {"  - {name: x, kind: fleet, help: a, succeeded: b, repeatble: true}\n",
     "c.yaml:10:51: commands[1].repeatble: unknown key; did you mean \"repeatable\"?"},
    {"  - {name: x, kind: fleet, help: a, succeeded: b, arguments: [{name: y, type: text}]}\n",
     "c.yaml:10:63: commands[1].arguments[0]: help is missing"},
    {"  - {name: x, kind: fleet, help: a, succeeded: b, arguments: [{name: y, type: bool, help: h, "
     "secret: true}]}\n",
     "c.yaml:10:102: commands[1].arguments[0].secret: goes only with type text"},
    {"  - {name: x, kind: fleet, help: a, succeeded: b, arguments: [{name: y, type: text, help: h, "
     "wire: [a/b], wire_type: string}]}\n",
     "c.yaml:10:100: commands[1].arguments[0].wire: \"a/b\" is no path like data.settings.z_comp"},
    {"  - {name: x, kind: fleet, help: a, succeeded: b, arguments: [{name: y, type: text, help: h, "
     "wire: [a]}]}\n",
     "c.yaml:10:63: commands[1].arguments[0]: wire and wire_type go together"},
    {"  - {name: x, kind: fleet, help: a, succeeded: b, arguments: [{name: y, type: number, help: "
     "h, min: 2, max: 1}]}\n",
     "c.yaml:10:109: commands[1].arguments[0].max: is below min"},
};

TEST(Commands, EveryMistakeHasItsPlace) {
  for (const Mistake& mistake : kMistakes) {
    EXPECT_EQ(Problems(kPause + mistake.line), std::vector<std::string>{mistake.problem});
  }
  EXPECT_EQ(Problems("commands: []\n"), std::vector<std::string>{"c.yaml: names no commands"});
  EXPECT_EQ(Problems("commands:\n\t- x\n").size(), 1U);
}

TEST(Commands, TextsArriveInTheSourceAsTheyAre) {
  std::vector<settings::Problem> problems;
  const auto commands =
      ReadCommands("commands: [{name: x, kind: fleet, help: 'say \"°C\" \\ now', succeeded: b}]\n",
                   "c.yaml", problems);
  ASSERT_TRUE(problems.empty()) << problems[0].Text();
  EXPECT_NE(CatalogSource(commands, "{}").find(R"(.help = "say \"°C\" \\ now")"),
            std::string::npos);
}

}  // namespace
}  // namespace printfleet::generate
