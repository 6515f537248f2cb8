#include <gtest/gtest.h>

#include "base/json.h"
#include "cluster.h"
#include "rows.h"
#include "worker_probe.h"

namespace printfleet::store {
namespace {

using Kind = fleet::Question::Kind;

class Questions : public ::testing::Test {
 protected:
  Questions() {
    probe_.Start();
    Batch batch = MakeFullBatch(1);
    batch.rows.registrations.push_back(MakeRegistration("p2"));
    for (int64_t id = 1; id <= 5; ++id) {
      batch.rows.jobs.push_back(MakeJob(id, "p2"));
      batch.rows.jobs.back().state = printer::JobState::kEnded;
      batch.rows.jobs.back().outcome =
          id % 2 == 0 ? printer::Outcome::kFailed : printer::Outcome::kFinished;
    }
    for (int64_t id = 2; id <= 4; ++id) {
      batch.rows.events.push_back({EventId{id}, Noon(), "printer_online", "", ""});
    }
    EXPECT_EQ(probe_.Commit(std::move(batch)), "committed") << probe_.failure();
  }

  core::Answer Ask(fleet::Question question) {
    EXPECT_TRUE(probe_.worker().Ask(std::move(question)));
    return probe_.Wait<core::Answer>().value_or(core::Answer{});
  }

  // The member `name` of each row, joined by blanks.
  static std::string Members(const core::Answer& answer, std::string_view name) {
    std::string members = answer.ok ? "" : answer.error;
    json::Parser parser;
    for (const std::string& row : answer.rows) {
      const Result<json::Value> object = parser.Parse(row, {});
      members += members.empty() ? "" : " ";
      members += object ? (*object)[name].Text() : object.error().message;
    }
    return members;
  }

  static fleet::Question Make(Kind kind, const std::string& subject = "") {
    fleet::Question question;
    question.kind = kind;
    question.subject = subject;
    return question;
  }

  WorkerProbe probe_{Cluster::Get().NewDatabaseName()};
};

TEST_F(Questions, JobListIsNewestFirstAndPages) {
  fleet::Question question = Make(Kind::kJobList);
  question.limit = 2;
  EXPECT_EQ(Members(Ask(question), "job_id"), "17 5");
  question.after = 5;
  EXPECT_EQ(Members(Ask(question), "job_id"), "4 3");
}

TEST_F(Questions, JobListFilters) {
  fleet::Question question = Make(Kind::kJobList);
  question.filter_printer = "name of p2";
  question.filter_state = "failed";
  EXPECT_EQ(Members(Ask(question), "job_id"), "4 2");
  question = Make(Kind::kJobList);
  question.filter_state = "open";
  EXPECT_EQ(Members(Ask(question), "job_id"), "17");
}

TEST_F(Questions, JobGetHasTheWholeJob) {
  const core::Answer answer = Ask(Make(Kind::kJobGet, "17"));

  EXPECT_EQ(Members(answer, "started_at"), "\"2026-03-01T11:58:20.123Z\"");
  EXPECT_EQ(Members(answer, "name"), "\"name of p1\"");
  EXPECT_EQ(Members(answer, "outcome"), "null");
  EXPECT_TRUE(Ask(Make(Kind::kJobGet, "999")).rows.empty());
  EXPECT_TRUE(Ask(Make(Kind::kJobGet, "1; DROP TABLE fleet.jobs")).ok);
}

TEST_F(Questions, CommandGetByIdAndByRequest) {
  EXPECT_EQ(Members(Ask(Make(Kind::kCommandGet, "5")), "request_id"), "\"request-5\"");
  const core::Answer answer = Ask(Make(Kind::kCommandGet, "anna\nrequest-5"));

  EXPECT_EQ(Members(answer, "command_id"), "5");
  EXPECT_NE(Members(answer, "executions").find("\"printer_id\":\"p1\""), std::string::npos);
  EXPECT_TRUE(Ask(Make(Kind::kCommandGet, "bert\nrequest-5")).rows.empty());
}

TEST_F(Questions, CommandListFilters) {
  fleet::Question question = Make(Kind::kCommandList);
  EXPECT_EQ(Members(Ask(question), "command_id"), "5");
  question.filter_printer = "p1";
  EXPECT_EQ(Members(Ask(question), "command_id"), "5");
  question.filter_printer = "p2";
  EXPECT_EQ(Members(Ask(question), "command_id"), "");
}

TEST_F(Questions, CommandListOfAnAuthorACommandAndATime) {
  struct Case {
    const char* command;
    const char* author;
    const char* since;
    const char* ids;
  };

  for (const auto& [command, author, since, ids] :
       {Case{"print.pause", "anna", "2026-03-01T12:00:00Z", "5"}, Case{"print.stop", "", "", ""},
        Case{"", "bert", "", ""}, Case{"", "", "2026-03-01T12:00:01Z", ""}}) {
    fleet::Question question = Make(Kind::kCommandList);
    question.filter_command = command;
    question.filter_author = author;
    question.filter_since = since;
    EXPECT_EQ(Members(Ask(question), "command_id"), ids) << command << author << since;
  }
}

TEST_F(Questions, CommandGetPagesItsExecutionsAndCountsAll) {
  Batch batch = MakeAuditBatch(2, "bulk");
  batch.rows.commands.push_back(MakeCommand(6));
  // "B" is before "a" in bytes, and not in most languages.
  for (const char* printer : {"a3", "B2", "a1"}) {
    batch.rows.executions.push_back(MakeExecution(6, printer));
  }
  batch.rows.executions.back().state = fleet::ExecutionState::kFailed;
  ASSERT_EQ(probe_.Commit(std::move(batch)), "committed") << probe_.failure();
  const auto printers = [this](fleet::Question question) {
    const std::string text = Members(Ask(std::move(question)), "executions");
    std::string ids;
    for (const char* id : {"a1", "a3", "B2"}) {
      ids += text.find(std::string("\"printer_id\":\"") + id) != std::string::npos ? id : "";
    }
    return ids;
  };
  fleet::Question question = Make(Kind::kCommandGet, "6");
  question.limit = 2;
  EXPECT_EQ(printers(question), "a1B2");
  question.after_printer = "a1";
  EXPECT_EQ(printers(question), "a3");
  question = Make(Kind::kCommandGet, "anna\nrequest-6");
  question.filter_state = "open";
  EXPECT_EQ(printers(question), "a3B2");
  question.filter_state = "failed";
  EXPECT_EQ(printers(question), "a1");
  const std::string counts = Members(Ask(question), "counts");
  EXPECT_NE(counts.find("\"sent\":2"), std::string::npos) << counts;
  EXPECT_NE(counts.find("\"failed\":1"), std::string::npos) << counts;
  EXPECT_EQ(Members(Ask(Make(Kind::kCommandList)), "counts").find("\"sent\":3"), std::string::npos);
}

TEST_F(Questions, EventListGoesOnAfterAnId) {
  fleet::Question question = Make(Kind::kEventList);
  question.after = 1;
  question.limit = 2;
  EXPECT_EQ(Members(Ask(question), "event_id"), "2 3");
  EXPECT_EQ(Members(Ask(question), "printer_id"), "null null");
  EXPECT_EQ(Members(Ask(question), "body"), "{} {}");
}

TEST_F(Questions, MarksChangeWhatIsGiven) {
  EXPECT_EQ(Members(Ask(Make(Kind::kJobSet, "17")), "verdict"), "null");
  Batch batch = MakeAuditBatch(2, "marks");
  batch.rows.job_marks = {{JobId{17}, "scrap", "well done"},
                          {JobId{17}, "good", std::nullopt},
                          {JobId{999}, "good", ""}};
  ASSERT_EQ(probe_.Commit(std::move(batch)), "committed") << probe_.failure();
  const core::Answer marked = Ask(Make(Kind::kJobSet, "17"));
  EXPECT_EQ(Members(marked, "verdict"), "\"good\"");
  EXPECT_EQ(Members(marked, "note"), "\"well done\"");
  Batch cleared = MakeAuditBatch(3, "cleared");
  cleared.rows.job_marks = {{JobId{17}, std::nullopt, ""}};
  ASSERT_EQ(probe_.Commit(std::move(cleared)), "committed") << probe_.failure();
  EXPECT_EQ(Members(Ask(Make(Kind::kJobSet, "17")), "note"), "null");
  Batch wrong = MakeAuditBatch(4, "wrong");
  wrong.rows.job_marks = {{JobId{17}, "perfect", std::nullopt}};
  EXPECT_EQ(probe_.Commit(std::move(wrong)), "refused");
}

TEST_F(Questions, ReplayHasTheFirstOnesAnswer) {
  fleet::Question question = Make(Kind::kReplay, "anna\nrequest-5");
  question.argument = DigestHex(MessageDigest("body", "request-5"));
  const core::Answer answer = Ask(question);
  EXPECT_EQ(Members(answer, "same"), "true");
  EXPECT_EQ(Members(answer, "command"), "\"print.pause\"");
  const std::string executions = Members(answer, "executions");
  EXPECT_NE(executions.find(R"("state":"sent")"), std::string::npos) << executions;
  question.argument = DigestHex(MessageDigest("body", "another"));
  EXPECT_EQ(Members(Ask(question), "same"), "false");
  EXPECT_TRUE(Ask(Make(Kind::kReplay, "bert\nrequest-5")).rows.empty());
}

TEST_F(Questions, ReprintFindsTheFileOfThePanelsPath) {
  Batch batch = MakeAuditBatch(2, "files");
  core::FileListRow list;
  list.storage = "local";
  list.path = "/";
  list.listed_at = Noon();
  list.files.push_back({"b.gcode", 5, std::nullopt, false});
  for (const char* printer : {"p1", "p2"}) {
    list.printer_id = printer;
    batch.rows.file_lists.push_back(list);
  }
  for (const char* filename :
       {"/mnt/UDISK/b.gcode", "b.gcode", "/mnt/exUDISK/b.gcode", "c.gcode"}) {
    batch.rows.jobs.push_back(MakeJob(30 + static_cast<int64_t>(batch.rows.jobs.size()), "p2"));
    batch.rows.jobs.back().filename = filename;
    batch.rows.jobs.back().state = printer::JobState::kEnded;
    batch.rows.jobs.back().outcome = printer::Outcome::kFailed;
  }
  ASSERT_EQ(probe_.Commit(std::move(batch)), "committed") << probe_.failure();
  fleet::Question question = Make(Kind::kReprint, "30");
  const std::string file = R"({"storage":"local","path":"/","filename":"b.gcode"})";
  const auto file_of = [&](const std::string& job) {
    std::string text = Members(Ask(Make(Kind::kReprint, job)), "file");
    std::erase(text, ' ');
    return text;
  };
  EXPECT_EQ(file_of("30"), file);
  EXPECT_EQ(file_of("31"), file);
  EXPECT_EQ(file_of("32"), "null") << "another storage";
  EXPECT_EQ(file_of("33"), "null") << "not listed";
  EXPECT_EQ(Members(Ask(question), "target_id"), "\"p2\"");
  EXPECT_EQ(Members(Ask(question), "args"), "null") << "command 5 is no print.start";
  question.filter_printer = "p1";
  EXPECT_EQ(Members(Ask(question), "target_id"), "\"p1\"");
  EXPECT_EQ(Members(Ask(question), "printer_id"), "\"p2\"");
  EXPECT_TRUE(Ask(Make(Kind::kReprint, "999")).rows.empty());
}

TEST_F(Questions, WhatCannotBeIsAnErrorAndHarmsNobody) {
  EXPECT_FALSE(Ask(Make(Kind::kCommandGet, std::string("anna\na\0b", 8))).ok);
  EXPECT_FALSE(Ask(Make(Kind::kCommandGet, "anna\n\xFF")).ok);
  EXPECT_EQ(probe_.Commit(MakeAuditBatch(2, "after")), "committed") << probe_.failure();
}

}  // namespace
}  // namespace printfleet::store
