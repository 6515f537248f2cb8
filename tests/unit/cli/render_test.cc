#include "cli/render.h"

#include <gtest/gtest.h>

#include "cli/outcomes.h"

namespace printfleet::cli {
namespace {

json::Value Read(json::Parser& parser, const std::string& text) {
  const auto value = parser.Parse(text, json::Limits{});
  EXPECT_TRUE(value.ok()) << text;
  return value.ok() ? *value : json::Value();
}

TEST(Render, TableIsAsWideAsItsCells) {
  EXPECT_EQ(Table({"NAME", "X"}, {{"a", "1"}, {"länger", "2"}}, {}),
            "NAME    X\na       1\nlänger  2\n");
  EXPECT_EQ(Table({"S"}, {{"failed"}}, Style{true}), "\x1b[1mS\x1b[0m\n\x1b[31mfailed\x1b[0m\n");
}

TEST(Render, PrintersAreSortedAndNothingIsMadeUp) {
  json::Parser first;
  json::Parser second;
  const std::vector<json::Value> states = {
      Read(first, R"({"printer_id":"p2","name":"b","model":"K2Max","state":"printing",
        "online":true,"nozzle_temp_c":209.6,"nozzle_target_c":210,"bed_temp_c":60,
        "bed_target_c":null,"firmware":"3.1.0","job":{"progress_ratio":0.456,
        "filename":"a\u001b[2J.gcode"},"received_at":"2026-01-01T00:00:00.000Z"})"),
      Read(second, R"({"printer_id":"p1","name":null,"model":"K2Pro","state":"unknown",
        "online":false,"nozzle_temp_c":null,"job":null})")};
  const WallTime now = *ParseIso8601("2026-01-01T00:05:00Z");
  EXPECT_EQ(
      PrintersTable(states, now, {}),
      "NAME  MODEL  STATE     ONLINE   NOZZLE °C  BED °C  DONE  FILE         FIRMWARE  REPORT\n"
      "b     K2Max  printing  online   210/210    60      46 %  a?[2J.gcode  3.1.0     5 min\n"
      "p1    K2Pro  unknown   offline  -          -       -     -            -         -\n");
}

TEST(Render, JobsTable) {
  json::Parser parser;
  const auto job = Read(parser, R"({"job_id":17,"printer_id":"p1","filename":"clip.gcode",
      "state":"ended","outcome":"finished","progress_ratio":1,"elapsed_s":3960,
      "started_at":"2026-01-01T08:09:10.000Z","verdict":null})");
  EXPECT_EQ(JobsTable({job}, {}),
            "JOB  PRINTER  FILE        STATE  OUTCOME   DONE   STARTED            TOOK       "
            "VERDICT\n"
            "17   p1       clip.gcode  ended  finished  100 %  2026-01-01T08:09Z  1 h 6 min  -\n");
}

TEST(Render, PreviewNamesTheSkipped) {
  json::Parser parser;
  EXPECT_EQ(PreviewText(Read(parser, R"({"matched":1,"skipped":[]})")), "1 printer matched\n");
  EXPECT_EQ(PreviewText(Read(parser, R"({"matched":2,"skipped":[
      {"printer_id":"p","name":"a-03","reason":"offline"},{"printer_id":"q","reason":"hold"}]})")),
            "2 printers matched, 2 skipped:\n  a-03: offline\n  q: hold\n");
}

TEST(Render, ExecutionsAreKeptByPrinter) {
  json::Parser parser;
  Outcomes outcomes;
  outcomes.Take(Read(parser, R"({"executions":[
      {"printer_id":"p1","name":"b","state":"sent","code":null,"message":""},
      {"printer_id":"p2","name":"a","state":"failed","code":10110,"message":"no such file"}]})"));
  outcomes.Take(Read(parser,
                     R"({"executions":[{"printer_id":"p1","name":"b","state":"succeeded","code":200,
              "message":"","result":{"files":[]}}]})"));
  auto rows = outcomes.rows();
  EXPECT_EQ(rows["p1"].result, R"({"files":[]})");
  EXPECT_EQ(ExecutionsTable(rows, {}),
            "NAME  PRINTER  STATE      CODE   MESSAGE\n"
            "a     p2       failed     10110  no such file\n"
            "b     p1       succeeded  200    -\n");
}

TEST(Render, DoneAndItsExitCode) {
  struct Case {
    const char* json;
    const char* text;
    int code;
  };

  const Case kCases[] = {
      {R"({"succeeded":11,"failed":0,"skipped":2,"duration_ms":5230})",
       "11 succeeded, 2 skipped in 5.2 s", 0},
      {R"({"succeeded":11,"failed":1})", "11 succeeded, 1 failed", 1},
      {R"({"succeeded":0,"timed_out":3})", "3 timed out", 4},
      {R"({"succeeded":1,"timed_out":3})", "1 succeeded, 3 timed out", 1},
      {R"({"sent_unconfirmed":1})", "1 sent, not confirmed", 1},
      {R"({"cancelled":1,"expired":2})", "1 cancelled, 2 expired", 1},
      {R"({"succeeded":0,"skipped":4})", "4 skipped", 1},
      {R"({})", "done", 0},
  };
  json::Parser parser;
  for (const auto& [json, text, code] : kCases) {
    const auto done = Read(parser, json);
    EXPECT_EQ(DoneText(done), text);
    EXPECT_EQ(ExitCodeOf(done), code) << json;
  }
}

TEST(Render, ProgressNeverDividesByNothing) {
  EXPECT_EQ(ProgressText({}, 0), "[" + std::string(24, ' ') + "] 0/1 done");
  Counts counts;
  counts.succeeded = 5;
  counts.failed = 1;
  counts.sent = 6;
  EXPECT_EQ(ProgressText(counts, 12),
            "[############            ] 6/12 done, 1 not succeeded, 6 sent");
}

TEST(Render, JsonIsIndented) {
  json::Parser parser;
  EXPECT_EQ(PrettyJson(Read(parser, R"({"a":[1,{"b":"{,:\"}"}],"c":{},"d":[]})")),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"{,:\\\"}\"\n    }\n  ],\n  \"c\": {},\n"
            "  \"d\": []\n}");
}

TEST(Render, Ages) {
  const WallTime now = *ParseIso8601("2026-01-10T00:00:00Z");
  EXPECT_EQ(AgeText(std::nullopt, now), "-");
  EXPECT_EQ(AgeText(now + seconds(5), now), "0 s");
  EXPECT_EQ(AgeText(now - seconds(119), now), "119 s");
  EXPECT_EQ(AgeText(now - seconds(3600), now), "60 min");
  EXPECT_EQ(AgeText(now - seconds(40 * 3600), now), "40 h");
  EXPECT_EQ(AgeText(now - seconds(4 * 86400), now), "4 d");
}

TEST(Render, Lines) {
  json::Parser parser;
  EXPECT_EQ(StateLine(Read(parser, R"({"printer_id":"p","name":"a","state":"offline",
      "offline_reason":"timeout","job":null})")),
            "a offline (timeout)");
  EXPECT_EQ(EventLine(Read(parser, R"({"at":"2026-01-01T00:00:00.000Z","kind":"job_ended",
      "printer_id":"p","body":{"outcome":"finished"}})")),
            R"(2026-01-01T00:00Z job_ended p {"outcome":"finished"})");
}

TEST(Render, ADiagnosisSaysWhatToDoFirst) {
  json::Parser parser;
  EXPECT_EQ(
      DiagnosisText(Read(parser, R"({"listened_s":10,"broker_log":"without_topics","printers":[
      {"printer_id":"p","name":"a-03","presence":"offline","offline_reason":"timeout",
       "session":"ended","address":"192.0.2.7","last_report_at":"T1","last_report_type":"status",
       "last_will_at":null,"answered":{"status":false,"version":false},
       "connections":[{"at":"T0","address":"192.0.2.7","user":null,"protocol":"3.1.1",
         "keep_alive_s":60,"outcome":"timeout","ended_at":"T2"}],
       "refused_connections":[{"at":"T3","address":null,"reason":"login","detail":null}],
       "denied_topics":[{"topic":"x/y","count":3}],
       "findings":["It is \u001b[31moff."]}]})")),
      "a-03 p\n"
      "  * It is ?[31moff.\n"
      "  presence: offline (timeout), session ended\n"
      "  address: 192.0.2.7\n"
      "  last report: T1 status\n"
      "  answers: status false, version false\n"
      "  connected: T0 from 192.0.2.7, user -, MQTT 3.1.1, keep alive 60 s: timeout at T2\n"
      "  refused: T3 from -: login\n"
      "  not allowed to publish: x/y (3 times)\n"
      "The broker's log is not (or not all) ours to read: topics it refuses are not seen.\n");
}

}  // namespace
}  // namespace printfleet::cli
