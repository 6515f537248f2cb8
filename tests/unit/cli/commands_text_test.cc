// Commands, dry runs and points in time, as people read and write them.
#include <gtest/gtest.h>

#include "cli/dry_run.h"
#include "cli/moment.h"
#include "cli/render.h"

namespace printfleet::cli {
namespace {

json::Value Read(json::Parser& parser, const std::string& text) {
  const auto value = parser.Parse(text, json::Limits{});
  EXPECT_TRUE(value.ok()) << text;
  return value.ok() ? *value : json::Value();
}

const std::string kStop = R"({"command_id":17,"author":"anna","request_id":"r-1",
    "command":"print.update","target":{"groups":["rack-a","rack-b"],"all":true,"limit":3},
    "args":{"bed_target_c":65},"state":"done","created_at":"2026-01-01T08:09:10.123Z",
    "finished_at":"2026-01-01T08:10:10.000Z","counts":{"queued":0,"sent":0,"succeeded":398,
    "failed":2},"executions":[{"printer_id":"p1"}],"executions_truncated":true})";

TEST(CommandsText, OneLineACommand) {
  json::Parser first;
  json::Parser second;
  EXPECT_EQ(
      CommandsTable({Read(first, kStop),
                     Read(second, R"({"command_id":16,"author":"local","command":"fleet.hold",
                         "target":null,"args":{},"state":"accepted","counts":{}})")},
                    {}),
      "ID  SENT                  AUTHOR  COMMAND                       TARGET                     "
      "       STATE  PRINTERS\n"
      "17  2026-01-01T08:09:10Z  anna    print.update bed_target_c=65  groups=rack-a,rack-b all "
      "limit=3  done   398 succeeded, 2 failed\n"
      "16  -                     local   fleet.hold                    -                          "
      "       open   -\n");
}

TEST(CommandsText, TheHeadOfOne) {
  json::Parser parser;
  EXPECT_EQ(CommandText(Read(parser, kStop)),
            "command 17: print.update bed_target_c=65\n"
            "to groups=rack-a,rack-b all limit=3\n"
            "sent by anna at 2026-01-01T08:09:10Z, ended at 2026-01-01T08:10:10Z\n"
            "request r-1\n\n");
  const std::string whole = WithExecutions(Read(parser, kStop), {R"({"n":1})", R"({"n":2})"});
  const auto read = Read(parser, whole);
  EXPECT_EQ(read["executions"].Text(), R"([{"n":1},{"n":2}])");
  EXPECT_FALSE(read["executions_truncated"].exists());
  EXPECT_EQ(read["command_id"].Int(), 17);
}

TEST(DryRun, SaysWhoGetsWhatAndWhoDoesNot) {
  const char* const kPause =
      R"(,"state":"would_send","sends":{"type":"print","action":"pause","data":{"taskid":)";
  const char* const kHeat =
      R"(,"state":"would_send","sends":{"type":"print","action":"update","data":{"settings":{"b":65}}}})";
  DryRun dry_run;
  json::Parser parser;
  const auto take = [&](const std::string& members, const std::string& rows) {
    dry_run.Take(Read(parser, "{" + members + R"("executions":[)" + rows + "]}"));
  };
  const std::string first = std::string(R"({"printer_id":"p1","name":"a-1")") + kHeat;
  take("", first + R"(,{"printer_id":"p2","name":"a-2","state":"skipped","reason":"hold",
      "message":"by anna"},{"printer_id":"p3","name":"")" +
               kHeat);
  take("", std::string(R"({"printer_id":"p4","name":"a-4")") + kPause + R"("1"}}})" +
               R"(,{"printer_id":"p5","name":"a-5")" + kPause + R"("2"}}})" +
               R"(,{"printer_id":"p6","name":"a-6","state":"would_change"})");
  take(R"("matched":7,"would_send":5,"skipped":1,"target_hash":"h",)", first);
  EXPECT_EQ(dry_run.Text(),
            "7 printers matched\n"
            "would be sent (5):\n"
            "  print/update {\"settings\":{\"b\":65}}\n"
            "    2 printers: a-1, p3\n"
            "  print/pause {\"taskid\":\"…\"}\n"
            "    2 printers: a-4, a-5\n"
            "  would_change\n"
            "    1 printer: a-6\n"
            "would be skipped (1):\n"
            "  hold: by anna\n"
            "    1 printer: a-2\n"
            "… and 1 more that did not fit into the answer\n"
            "to exactly these printers, or to none: --if-matched h\n");
}

TEST(Moments, AreTimesDaysAndDistances) {
  const WallTime now = *ParseIso8601("2026-01-10T12:00:00Z");

  struct Case {
    const char* text;
    Direction direction;
    const char* time;
  };

  for (const auto& [text, direction, time] :
       {Case{"2026-01-01T08:00:00Z", Direction::kBefore, "2026-01-01T08:00:00.000Z"},
        Case{"2026-01-01", Direction::kAfter, "2026-01-01T00:00:00.000Z"},
        Case{"24h", Direction::kBefore, "2026-01-09T12:00:00.000Z"},
        Case{"7d ago", Direction::kBefore, "2026-01-03T12:00:00.000Z"},
        Case{"in 90s", Direction::kAfter, "2026-01-10T12:01:30.000Z"},
        Case{"15m", Direction::kAfter, "2026-01-10T12:15:00.000Z"}}) {
    const auto moment = ParseMoment(text, now, direction);
    ASSERT_TRUE(moment.ok()) << text;
    EXPECT_EQ(FormatIso8601(*moment), time) << text;
  }
  for (const char* text : {"", "h", "yesterday", "-5m", "5", "5w", "99999999999999999999d",
                           "10000000d", "in 5m ago", "2026-13-01"}) {
    EXPECT_FALSE(ParseMoment(text, now, Direction::kAfter).ok()) << text;
  }
  EXPECT_FALSE(ParseMoment("in 5m", now, Direction::kBefore).ok());
}

}  // namespace
}  // namespace printfleet::cli
