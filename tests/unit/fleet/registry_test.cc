// Commands that send nothing: the registry, the fleet's own, questions.
#include <gtest/gtest.h>

#include "farm.h"

namespace printfleet::fleet {
namespace {

using namespace std::chrono_literals;

const std::string kAll = R"({"all":true})";

TEST(Registry, SetsWhatItIsTold) {
  Farm farm;
  farm.Add("a").registration.labels = {{"row", "3"}, {"old", "x"}};
  farm.world.Merge();
  farm.Send(Farm::Make(
      1, "printer.set", R"({"printers":["a"]})",
      R"({"name":"b","groups":["z","y","z"],"labels":{"row":"4","old":null},"maintenance":"belt","bed":"occupied","firmware":"3.0.9","topic_form":"long","note":"n"})"));
  const printer::Registration& registration = farm.At("a").registration;
  EXPECT_EQ(registration.name, "b");
  EXPECT_EQ(registration.groups, (std::vector<std::string>{"y", "z"}));
  EXPECT_EQ(registration.labels, (std::map<std::string, std::string>{{"row", "4"}}));
  EXPECT_EQ(registration.maintenance, "belt");
  EXPECT_EQ(registration.bed, printer::Bed::kOccupied);
  EXPECT_EQ(registration.firmware, "3.0.9");
  EXPECT_EQ(registration.topic_form, protocol::TopicForm::kLong);
  EXPECT_EQ(registration.note, "n");
  const std::string done = farm.Last("done");
  EXPECT_EQ(At(done, "result.changed"), "1");
  EXPECT_EQ(At(done, "executions.0.state"), "\"succeeded\"");

  farm.Send(Farm::Make(2, "printer.set", kAll, R"({"maintenance":false,"topic_form":null})"));
  EXPECT_FALSE(farm.At("a").registration.maintenance);
  EXPECT_FALSE(farm.At("a").registration.topic_form);
}

TEST(Registry, EnrolsRejectsAndRetires) {
  Farm farm;
  farm.Add("a").registration.enrolment = printer::Enrolment::kPending;
  farm.world.Merge();
  farm.At("a").registration.name.clear();
  farm.world.Merge();
  farm.Send(Farm::Make(1, "printer.enroll", R"({"enrolment":["pending"]})"));
  EXPECT_EQ(farm.At("a").registration.enrolment, printer::Enrolment::kEnrolled);
  EXPECT_EQ(farm.At("a").registration.name, "K2Pro-a-id");
  farm.Send(Farm::Make(2, "printer.reject", kAll));
  EXPECT_EQ(farm.At("a").registration.enrolment, printer::Enrolment::kRejected);
  farm.Send(Farm::Make(3, "printer.retire", kAll));
  EXPECT_EQ(farm.At("a").registration.enrolment, printer::Enrolment::kRetired);
  EXPECT_TRUE(farm.At("a").registration.retired_at);
  ASSERT_EQ(farm.all.happenings.size(), 3U);
  EXPECT_EQ(farm.all.happenings[0].kind, "printer_enrolled");
  EXPECT_EQ(farm.all.happenings[2].kind, "printer_retired");
}

TEST(Registry, RetiresNoPrinterWithAJob) {
  Farm farm;
  farm.Add("a");
  farm.StartPrinting("a", "5");
  farm.Send(Farm::Make(1, "printer.retire", kAll));
  EXPECT_EQ(At(farm.Last("done"), "failed"), "1");
  EXPECT_EQ(farm.At("a").registration.enrolment, printer::Enrolment::kEnrolled);
}

TEST(Registry, EnrolsAPrinterBeforeItConnects) {
  Farm farm;
  const std::string args = R"({"printer_id":"new-id","model":"K2Plus","name":"b-07"})";
  farm.Send(Farm::Make(1, "printer.enroll", "{}", args, R"({"dry_run":true})"));
  EXPECT_EQ(At(farm.Last("done"), "executions.0.printer_id"), "\"new-id\"");
  EXPECT_EQ(farm.world.printers.Find("new-id"), nullptr);
  farm.Send(Farm::Make(2, "printer.enroll", "{}", args));
  const printer::Printer& printer = farm.At("new");
  EXPECT_EQ(printer.registration.enrolment, printer::Enrolment::kEnrolled);
  EXPECT_EQ(printer.registration.model_id, "20022");
  EXPECT_EQ(printer.registration.model, "K2Plus");
  EXPECT_EQ(printer.registration.name, "b-07");
  EXPECT_EQ(printer.registration.first_seen_at, farm.now.wall);
  EXPECT_EQ(printer.presence, printer::Presence::kUnknown);
  EXPECT_FALSE(printer.received_at);
  EXPECT_EQ(At(farm.Last("done"), "executions.0.name"), "\"b-07\"");
}

TEST(Registry, EnrolsAKnownPrinterByItsIdAlone) {
  Farm farm;
  farm.Add("a").registration.enrolment = printer::Enrolment::kPending;
  farm.world.Merge();
  farm.Send(Farm::Make(1, "printer.enroll", "{}", R"({"printer_id":"a-id"})"));
  EXPECT_EQ(farm.At("a").registration.enrolment, printer::Enrolment::kEnrolled);
  EXPECT_EQ(farm.At("a").registration.name, "a");
}

TEST(Registry, RegistersNoMorePrintersThanItMay) {
  Farm farm;
  farm.settings.fleet.printers_max = 1;
  farm.Add("a");
  farm.world.Merge();
  farm.Send(Farm::Make(1, "printer.enroll", "{}", R"({"printer_id":"x","model":"20021"})"));
  EXPECT_EQ(At(farm.Last("rejected"), "reason"), "\"too_many\"");
}

class Replacement : public testing::Test {
 protected:
  Replacement() {
    printer::Registration& old = farm_.Add("old").registration;
    old.groups = {"rack-a"};
    old.labels = {{"row", "3"}};
    old.note = "by the window";
    old.maintenance = "belt";
    old.topic_form = protocol::TopicForm::kLong;
    farm_.At("old").presence = printer::Presence::kOffline;
    printer::Registration& next = farm_.Add("next").registration;
    next.enrolment = printer::Enrolment::kPending;
    next.groups = {"incoming"};
    farm_.world.Merge();
  }

  void Replace(const std::string& args = R"({"by":"next-id"})") {
    farm_.Send(Farm::Make(++requests_, "printer.replace", R"({"printers":["old"]})", args));
  }

  void ExpectReplaced() {
    const printer::Registration& old = farm_.At("old").registration;
    EXPECT_EQ(old.enrolment, printer::Enrolment::kRetired);
    EXPECT_EQ(old.replaced_by, "next-id");
    EXPECT_EQ(farm_.At("next").registration.name, "old");
  }

  void ExpectConfirmWanted(const std::string& why) {
    Replace();
    const std::string rejected = farm_.Last("rejected");
    EXPECT_EQ(At(rejected, "reason"), "\"confirm_required\"");
    EXPECT_NE(rejected.find(why), std::string::npos) << rejected;
    EXPECT_EQ(farm_.At("old").registration.enrolment, printer::Enrolment::kEnrolled);
    farm_.world.Merge();
    Replace(R"({"by":"next","confirm":true})");
    ExpectReplaced();
  }

  Farm farm_;
  int requests_ = 0;
};

TEST_F(Replacement, TakesNameAndPlaceAndRetiresTheOldOne) {
  Replace();
  ExpectReplaced();
  EXPECT_EQ(farm_.At("old").registration.retired_at, farm_.now.wall);
  const printer::Registration& next = farm_.At("next").registration;
  EXPECT_EQ(next.groups, std::vector<std::string>{"rack-a"});
  EXPECT_EQ(next.labels, (std::map<std::string, std::string>{{"row", "3"}}));
  EXPECT_EQ(next.note, "by the window");
  EXPECT_EQ(next.maintenance, "belt");
  EXPECT_EQ(next.bed, printer::Bed::kUnknown);
  EXPECT_EQ(next.enrolment, printer::Enrolment::kEnrolled);
  EXPECT_FALSE(next.topic_form);  // its own firmware says which topics it takes
  ASSERT_EQ(farm_.all.happenings.size(), 1U);
  EXPECT_EQ(farm_.all.happenings[0].kind, "printer_replaced");
  EXPECT_EQ(farm_.all.happenings[0].printer_id, "old-id");
  EXPECT_EQ(At(farm_.all.happenings[0].body_json, "replaced_by"), "\"next-id\"");
  farm_.world.Merge();
  Replace();  // its name is the new one's now
  EXPECT_EQ(At(farm_.Last("rejected"), "reason"), "\"conflict\"");
}

TEST_F(Replacement, OfAPrinterThatIsOnlineWantsToBeConfirmed) {
  farm_.At("old").presence = printer::Presence::kOnline;
  farm_.world.Merge();
  ExpectConfirmWanted("is online");
}

TEST_F(Replacement, EndsAJobThatIsOpen) {
  farm_.StartPrinting("old", "5");
  ExpectConfirmWanted("has a job");
  EXPECT_EQ(farm_.At("old").job->outcome, printer::Outcome::kEndedUnknown);
  ASSERT_EQ(farm_.all.changes.size(), 1U);
  EXPECT_EQ(farm_.all.changes[0].second.jobs.size(), 1U);
}

TEST_F(Replacement, OfAPrinterWithCommandsWantsToBeConfirmed) {
  farm_.Send(Farm::Make(++requests_, "status.query", R"({"printers":["old"]})", "{}",
                        R"({"on_offline":"wait"})"));
  ExpectConfirmWanted("has commands on their way");
}

TEST_F(Replacement, ByAnotherModelWantsToBeConfirmed) {
  farm_.At("next").registration.model_id = "20023";
  farm_.world.Merge();
  ExpectConfirmWanted("the old one a K2Pro");
}

TEST_F(Replacement, OfARetiredOrByARejectedPrinterIsRefused) {
  farm_.At("next").registration.enrolment = printer::Enrolment::kRejected;
  farm_.world.Merge();
  Replace(R"({"by":"next","confirm":true})");
  EXPECT_EQ(At(farm_.Last("rejected"), "path"), "\"args.by\"");
  farm_.At("old").registration.enrolment = printer::Enrolment::kRetired;
  farm_.world.Merge();
  farm_.Send(Farm::Make(++requests_, "printer.replace",
                        R"({"printers":["old-id"],"enrolment":["retired"]})", R"({"by":"next"})"));
  EXPECT_NE(farm_.Last("rejected").find("retired already"), std::string::npos);
}

TEST_F(Replacement, UndoneTheOldOneTakesAnotherName) {
  Replace();
  farm_.Send(Farm::Make(++requests_, "printer.enroll",
                        R"({"printers":["old-id"],"enrolment":["retired"]})"));
  EXPECT_EQ(farm_.At("old").registration.enrolment, printer::Enrolment::kEnrolled);
  EXPECT_EQ(farm_.At("old").registration.name, "K2Pro-old-id");
  EXPECT_EQ(farm_.At("old").registration.replaced_by, "");
}

TEST(Registry, RepetitionDoesNothingTwice) {
  Farm farm;
  farm.Add("a");
  const std::string request = Farm::Make(1, "printer.set", kAll, R"({"note":"x"})");
  farm.Send(request);
  farm.At("a").registration.note = "changed since";
  farm.world.Merge();
  farm.Send(request);
  EXPECT_EQ(farm.At("a").registration.note, "changed since");
  EXPECT_EQ(farm.Events("done").size(), 2U);
}

TEST(Fleet, HoldsAndReleases) {
  Farm farm;
  farm.Send(Farm::Make(1, "fleet.hold", "{}", R"({"reason":"smoke"})"));
  EXPECT_EQ(farm.world.ledger.get().hold, "smoke");
  EXPECT_EQ(At(farm.Last("done"), "result.hold"), "\"smoke\"");
  farm.Send(Farm::Make(2, "fleet.release", "{}"));
  EXPECT_FALSE(farm.world.ledger.get().hold);
  EXPECT_EQ(farm.all.happenings[0].kind, "fleet_hold");
  EXPECT_EQ(farm.all.happenings[1].kind, "fleet_released");
}

TEST(Questions, PrintersComeInPages) {
  Farm farm;
  for (int i = 100; i < 400; ++i) {
    farm.Add("a-" + std::to_string(i));
  }
  std::string after;
  int printers = 0;
  int pages = 0;
  do {
    farm.Clear();
    farm.Send(R"({"command":"printer.list","args":{"limit":130)" +
              (after.empty() ? "" : ",\"after\":" + after) + "}}");
    const std::string done = farm.Last("done");
    EXPECT_LE(done.size(), 128U * 1024U);
    for (; At(done, "result.printers." + std::to_string(printers % 130) + ".name") != "missing" &&
           printers < 130 * (pages + 1);
         ++printers) {
    }
    after = At(done, "result.after");
    ++pages;
  } while (after != "null" && pages < 10);
  EXPECT_EQ(printers, 300);
  EXPECT_EQ(pages, 3);
}

TEST(Questions, OfTheStoreAreAskedAndAnswered) {
  Farm farm;
  farm.Add("a");
  farm.Send(
      R"({"command":"job.list","target":{"printers":["a"]},"args":{"state":"open","limit":2,"after":9}})");
  ASSERT_EQ(farm.all.questions.size(), 1U);
  const Question question = farm.all.questions[0];
  EXPECT_EQ(question.filter_printer, "a-id");
  EXPECT_EQ(question.filter_state, "open");
  EXPECT_EQ(question.limit, 2);
  EXPECT_EQ(question.after, 9);
  Output output;
  HandleAnswer(farm.world, farm.rules(), question, true, {R"({"job_id":8})", R"({"job_id":5})"}, "",
               farm.now, output);
  EXPECT_EQ(At(output.responses[0].json, "result.jobs.1.job_id"), "5");
  EXPECT_EQ(At(output.responses[0].json, "result.after"), "5");
  HandleAnswer(farm.world, farm.rules(), question, true, {R"({"job_id":8})"}, "", farm.now, output);
  EXPECT_EQ(At(output.responses[1].json, "result.after"), "null");
  HandleAnswer(farm.world, farm.rules(), question, false, {}, "away", farm.now, output);
  EXPECT_EQ(At(output.responses[2].json, "reason"), "\"unavailable\"");
}

TEST(Questions, NotFoundIsSaid) {
  Farm farm;
  farm.Send(R"({"command":"job.get","args":{"job_id":7}})");
  Output output;
  HandleAnswer(farm.world, farm.rules(), farm.all.questions.at(0), true, {}, "", farm.now, output);
  EXPECT_EQ(At(output.responses[0].json, "reason"), "\"not_found\"");
}

TEST(Questions, AHugeCommandIsCut) {
  Farm farm;
  farm.Send(R"({"command":"command.get","args":{"command_id":7}})");
  std::string row = R"({"command_id":7,"executions":[{"n":0})";
  for (int i = 0; i < 20000; ++i) {
    row += R"(,{"printer_id":"some-printer"})";
  }
  row += "]}";
  Output output;
  HandleAnswer(farm.world, farm.rules(), farm.all.questions.at(0), true, {row}, "", farm.now,
               output);
  EXPECT_LE(output.responses[0].json.size(), 128U * 1024U);
  EXPECT_EQ(At(output.responses[0].json, "result.command.executions_truncated"), "true");
  EXPECT_EQ(At(output.responses[0].json, "result.after"), "\"some-printer\"");
}

TEST(Questions, CommandGetAnswersFromMemory) {
  Farm farm;
  farm.Add("a");
  farm.Send(Farm::Make(1, "status.query", kAll));
  farm.Send("{\"command\":\"command.get\",\"args\":{\"request_id\":\"" + Farm::Id(1) + "\"}}");
  EXPECT_EQ(At(farm.Last("done"), "result.command.executions.0.state"), "\"sent\"");
  EXPECT_TRUE(farm.all.questions.empty());
  farm.Send("{\"command\":\"command.get\",\"args\":{\"request_id\":\"" + Farm::Id(9) + "\"}}");
  ASSERT_EQ(farm.all.questions.size(), 1U);
  EXPECT_EQ(farm.all.questions[0].subject, "anna\n" + Farm::Id(9));
}

TEST(Questions, JobSetIsACommandOnceTheStoreHasTheJob) {
  Farm farm;
  farm.Send(Farm::Make(1, "job.set", "{}", R"({"job_id":3,"verdict":null,"note":"warped"})"));
  ASSERT_EQ(farm.all.questions.size(), 1U);
  EXPECT_EQ(farm.all.questions[0].subject, "3");
  const Question question = farm.all.questions[0];
  // Asked twice before the store has answered; then once more.
  for (int i = 0; i < 2; ++i) {
    Output output;
    HandleAnswer(farm.world, farm.rules(), question, true,
                 {R"({"job_id":3,"verdict":"good","note":null,"state":"ended"})"}, "", farm.now,
                 output);
    EXPECT_EQ(At(output.responses.at(0).json, "result.job"),
              R"({"job_id":3,"verdict":null,"note":"warped","state":"ended"})");
    ASSERT_EQ(output.job_marks.size(), i == 0 ? 1U : 0U);
    farm.Absorb(std::move(output));
  }
  EXPECT_EQ(farm.all.job_marks[0].verdict, "");
  EXPECT_EQ(farm.all.job_marks[0].note, "warped");
  farm.Send(Farm::Make(1, "job.set", "{}", R"({"job_id":3,"verdict":"scrap"})"));
  EXPECT_EQ(At(farm.Last("rejected"), "reason"), "\"conflict\"");
  EXPECT_EQ(farm.all.questions.size(), 1U);
}

TEST(Questions, JobSetOfNoJobIsRefusedAndAudited) {
  Farm farm;
  farm.Send(Farm::Make(1, "job.set", "{}", R"({"job_id":3,"verdict":"good"})"));
  Output output;
  HandleAnswer(farm.world, farm.rules(), farm.all.questions.at(0), true, {}, "", farm.now, output);
  EXPECT_EQ(At(output.responses.at(0).json, "reason"), "\"not_found\"");
  EXPECT_EQ(output.audit.at(0).outcome, "rejected(not_found)");
  EXPECT_EQ(farm.world.requests.size(), 0U);
}

}  // namespace
}  // namespace printfleet::fleet
