#include "cli/outcomes.h"

#include <gtest/gtest.h>

#include "cli/terminal.h"

namespace printfleet::cli {
namespace {

// `count` executions named from `first` on, all in `state`.
std::string Executions(int first, int count, const std::string& state) {
  std::string rows;
  for (int i = first; i < first + count; ++i) {
    const std::string number = std::to_string(10000 + i);
    rows += (rows.empty() ? "" : ",") + std::string(R"({"printer_id":"p)") + number +
            R"(","name":"a)" + number + R"(","state":")" + state + R"(","code":null,"message":""})";
  }
  return "{\"executions\":[" + rows + "]}";
}

class OutcomesTest : public testing::Test {
 protected:
  void Take(const std::string& text) {
    json::Parser parser;
    const auto value = parser.Parse(text, json::Limits{8 << 20, 16});
    ASSERT_TRUE(value.ok()) << text;
    outcomes.Take(*value);
  }

  [[nodiscard]] std::vector<std::string> Lines(size_t rows, size_t columns) const {
    return outcomes.Lines(TerminalSize{rows, columns}, {});
  }

  Outcomes outcomes;
};

using Strings = std::vector<std::string>;

TEST_F(OutcomesTest, ShowTheWrongThenTheOpenThenTheRest) {
  Take(R"({"event":"accepted","matched":6,"skipped":[
      {"printer_id":"p9","name":"z","reason":"offline","message":"since noon"}]})");
  Take(Executions(1, 2, "sent"));
  Take(Executions(3, 1, "succeeded"));
  Take(Executions(4, 1, "sent_unconfirmed"));
  EXPECT_EQ(Lines(24, 80),
            (Strings{"NAME    STATE             CODE  MESSAGE", "a10004  sent_unconfirmed  -     -",
                     "a10001  sent              -     -", "a10002  sent              -     -",
                     "z       skipped           -     offline: since noon",
                     "a10003  succeeded         -     -", "… and 1 open",
                     "[#########               ] 2/5 done, 1 not succeeded, 3 sent"}));
}

TEST_F(OutcomesTest, FillNoMoreThanTheTerminal) {
  Take(R"({"matched":10000})");
  Take(Executions(0, 3000, "failed"));
  Take(Executions(3000, 3000, "queued"));
  Take(Executions(6000, 4000, "succeeded"));
  for (size_t rows = 1; rows < 40; ++rows) {
    for (const size_t columns : {1U, 7U, 20U, 33U, 200U}) {
      const auto lines = Lines(rows, columns);
      EXPECT_LE(lines.size(), rows);
      for (const auto& line : lines) {
        EXPECT_LE(DisplayWidth(line), columns) << line;
      }
    }
  }
  const auto lines = Lines(11, 80);
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(),
                          [](const auto& line) { return line.find("  failed") != line.npos; }),
            4);
  EXPECT_EQ(lines[9], "… and 2996 failed, 4000 succeeded, 2996 open");
}

TEST_F(OutcomesTest, AnEndStays) {
  Take(R"({"matched":2})");
  Take(Executions(1, 1, "failed"));
  Take(Executions(1, 1, "sent"));
  Take(R"({"counts":{"queued":1,"sent":0,"failed":1},"executions":[]})");
  EXPECT_EQ(outcomes.rows().at("p10001").state, "failed");
  EXPECT_EQ(outcomes.ended(), 1);
  EXPECT_EQ(outcomes.ProgressLine(),
            "[############            ] 1/2 done, 1 not succeeded, 1 queued");
}

TEST_F(OutcomesTest, ResultsAreNewerThanTheLastProgress) {
  Take(R"({"matched":4})");
  Take(R"({"event":"progress","queued":1,"sent":3,"succeeded":0})");
  Take(Executions(1, 2, "succeeded"));
  EXPECT_EQ(outcomes.ProgressLine(), "[############            ] 2/4 done, 1 sent, 1 queued");
}

TEST_F(OutcomesTest, OfAStoredCommandIsItsDone) {
  json::Parser parser;
  const auto command = parser.Parse(
      R"({"command_id":7,"state":"done","created_at":"2026-01-01T00:00:00.000Z",
          "finished_at":"2026-01-01T00:00:05.230Z","target_hash":"h","counts":{"queued":0,"sent":0,
          "succeeded":11,"failed":1,"timed_out":0,"sent_unconfirmed":0,"cancelled":0,"expired":0,
          "skipped":2},"executions":[]})",
      json::Limits{});
  json::Parser done_parser;
  const auto done = done_parser.Parse(DoneOf("x", *command), json::Limits{});
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(DoneText(*done), "11 succeeded, 1 failed, 2 skipped in 5.2 s");
  EXPECT_EQ(ExitCodeOf(*done), 1);
  EXPECT_EQ((*done)["matched"].Int(), 14);
  EXPECT_EQ((*done)["id"].String(), "x");
}

TEST(Terminal, WidthIsWhatIsSeen) {
  EXPECT_EQ(DisplayWidth("länger"), 6U);
  EXPECT_EQ(DisplayWidth("\x1b[31mred\x1b[0m"), 3U);
  EXPECT_EQ(DisplayWidth("打印机"), 6U);
  EXPECT_EQ(DisplayWidth("e\xcc\x81"), 1U);
  EXPECT_EQ(DisplayWidth("\x1b["), 0U);
  EXPECT_EQ(CutToWidth("printer", 7), "printer");
  EXPECT_EQ(CutToWidth("printer", 6), "print…");
  EXPECT_EQ(CutToWidth("打印机", 4), "打…");
  EXPECT_EQ(CutToWidth("\x1b[31mprinter\x1b[0m", 4), "\x1b[31mpri…\x1b[0m");
  EXPECT_EQ(CutToWidth("printer", 0), "");
}

TEST(Terminal, WhatWasDrawnOnAWiderOneFillsMoreLines) {
  EXPECT_EQ(EraseText({}, 80), "");
  EXPECT_EQ(EraseText({80}, 80), "\r\x1b[J");
  EXPECT_EQ(EraseText({10, 0, 20}, 80), "\r\x1b[2A\x1b[J");
  EXPECT_EQ(EraseText({10, 0, 81}, 40), "\r\x1b[4A\x1b[J");
}

}  // namespace
}  // namespace printfleet::cli
