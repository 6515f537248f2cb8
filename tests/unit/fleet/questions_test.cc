// Questions about commands: pages of executions from memory, filters for the store.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "farm.h"

namespace printfleet::fleet {
namespace {

const std::string kAll = R"({"all":true})";

// Printers of all pages of command.get, in the order they came, and how many pages that were.
std::pair<std::vector<std::string>, int> PageThrough(Farm& farm, const std::string& args) {
  std::vector<std::string> printers;
  std::string after;
  int pages = 0;
  for (; after != "null" && pages < 50; ++pages) {
    farm.Send("{\"command\":\"command.get\",\"args\":{\"request_id\":\"" + Farm::Id(1) + "\"" +
              args + (after.empty() ? "" : ",\"after\":" + after) + "}}");
    const std::string done = farm.Last("done");
    EXPECT_LE(done.size(), 128U * 1024U);
    json::Parser parser;
    const auto document = parser.Parse(done, {done.size(), 64});
    const json::Value executions = (*document)["result"]["command"]["executions"];
    for (size_t i = 0; i < executions.size(); ++i) {
      printers.emplace_back(executions.at(i)["printer_id"].String().value_or("?"));
    }
    after = At(done, "result.after");
    EXPECT_EQ(At(done, "result.command.executions_truncated") == "true", after != "null");
  }
  return {printers, pages};
}

TEST(Questions, CommandGetPagesItsExecutionsInOrderOfTheirIds) {
  Farm farm;
  farm.settings.commands.list_limit_max = 1000;
  for (int i = 0; i < 2500; ++i) {
    farm.Add("printer-with-a-long-name-" + std::to_string(i * 7919 % 2500));
  }
  farm.Send(Farm::Make(1, "status.query", kAll));
  const auto [printers, pages] = PageThrough(farm, "");
  EXPECT_EQ(std::set(printers.begin(), printers.end()).size(), 2500U);
  EXPECT_EQ(printers.size(), 2500U);
  EXPECT_TRUE(std::ranges::is_sorted(printers));
  EXPECT_GE(pages, 3);
  EXPECT_EQ(PageThrough(farm, ",\"limit\":500").second, 5);
  EXPECT_EQ(At(farm.Last("done"), "result.command.counts.queued"), "2400");
  EXPECT_EQ(At(farm.Last("done"), "result.command.counts.sent"), "100");
}

TEST(Questions, CommandGetOfOneState) {
  Farm farm;
  for (const char* name : {"a", "b", "c"}) {
    farm.Add(name);
  }
  farm.answer_status = false;
  farm.Send(Farm::Make(1, "status.query", kAll));
  farm.ReportStatus("b", protocol::WorkState::kFree);
  using Ids = std::vector<std::string>;
  EXPECT_EQ(PageThrough(farm, R"(,"state":"open")").first, (Ids{"a-id", "c-id"}));
  EXPECT_EQ(PageThrough(farm, R"(,"state":"succeeded","limit":1)").first, (Ids{"b-id"}));
  EXPECT_EQ(PageThrough(farm, R"(,"state":"failed")").first, Ids{});
  farm.Send(R"({"command":"command.get","args":{"command_id":1,"state":"well"}})");
  EXPECT_EQ(At(farm.Last("rejected"), "path"), "\"args.state\"");
}

TEST(Questions, CommandListPassesItsFilters) {
  Farm farm;
  farm.Send(
      R"({"command":"command.list","args":{"command":"print.stop","author":"bob","since":"2026-01-01T00:00:00Z","state":"done"}})");
  ASSERT_EQ(farm.all.questions.size(), 1U);
  const Question& question = farm.all.questions[0];
  EXPECT_EQ(question.filter_command, "print.stop");
  EXPECT_EQ(question.filter_author, "bob");
  EXPECT_EQ(question.filter_since, "2026-01-01T00:00:00Z");
  EXPECT_EQ(question.filter_state, "done");
  farm.Send(R"({"command":"command.list","args":{"since":"yesterday"}})");
  EXPECT_EQ(At(farm.Last("rejected"), "path"), "\"args.since\"");
}

}  // namespace
}  // namespace printfleet::fleet
