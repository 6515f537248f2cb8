// job.reprint: the question, and the print.start that its answer comes to.
#include <gtest/gtest.h>

#include "farm.h"

namespace printfleet::fleet {
namespace {

const std::string kUrlArgs =
    R"({"bed_unknown_ok":true,"filename":"a.gcode","md5":"0123456789abcdef0123456789abcdef",)"
    R"("size_bytes":5,"url":"http://h/a.gcode"})";

// The store's row of job 7 of printer "a".
std::string Row(const std::string& args, const std::string& file,
                const std::string& outcome = "\"finished\"", const std::string& target = "a-id") {
  return R"({"job_id":7,"printer_id":"a-id","model_id":"20021","outcome":)" + outcome +
         R"(,"target_id":")" + target + R"(","args":)" + args + R"(,"file":)" + file + "}";
}

const std::string kFile = R"({"storage":"local","path":"/","filename":"a.gcode"})";

class Reprint : public testing::Test {
 protected:
  Reprint() {
    farm_.Add("a");
    farm_.Add("b");
    farm_.Add("max", "20023");
    for (const char* name : {"a", "b", "max"}) {
      farm_.At(name).registration.bed = printer::Bed::kClear;
    }
  }

  void Ask(const std::string& target = "{}", const std::string& args = R"({"job_id":7})",
           const std::string& options = "{}", int number = 1) {
    farm_.Send(Farm::Make(number, "job.reprint", target, args, options));
  }

  void Answer(const std::vector<std::string>& rows) {
    ASSERT_FALSE(farm_.all.questions.empty());
    const Question question = farm_.all.questions.back();
    Output output;
    HandleAnswer(farm_.world, farm_.rules(), question, true, rows, "", farm_.now, output);
    farm_.Absorb(std::move(output));
    farm_.Pass(std::chrono::seconds(1));
  }

  // The starts that went out.
  [[nodiscard]] std::vector<const protocol::Request*> Starts() const {
    std::vector<const protocol::Request*> starts;
    for (const Outgoing& outgoing : farm_.all.outgoing) {
      if (protocol::WireNameOf(outgoing.request).action == "start") {
        starts.push_back(&outgoing.request);
      }
    }
    return starts;
  }

  [[nodiscard]] std::string Rejected() const { return At(farm_.Last("rejected"), "reason"); }

  Farm farm_;
};

TEST_F(Reprint, AsksTheStoreForTheJob) {
  Ask();
  ASSERT_EQ(farm_.all.questions.size(), 1U);
  EXPECT_EQ(farm_.all.questions[0].kind, Question::Kind::kReprint);
  EXPECT_EQ(farm_.all.questions[0].subject, "7");
  EXPECT_EQ(farm_.all.questions[0].filter_printer, "");
  Ask(R"({"printers":["b"]})", R"({"job_id":7})", "{}", 2);
  EXPECT_EQ(farm_.all.questions[1].filter_printer, "b-id");
  EXPECT_TRUE(farm_.all.responses.empty());
}

TEST_F(Reprint, StartsAsTheCommandDid) {
  Ask();
  Answer({Row(kUrlArgs, kFile)});
  ASSERT_EQ(Starts().size(), 1U);
  const auto* start = std::get_if<protocol::StartFromUrl>(Starts()[0]);
  ASSERT_NE(start, nullptr);
  EXPECT_EQ(start->url, "http://h/a.gcode");
  EXPECT_EQ(start->md5, "0123456789abcdef0123456789abcdef");
  EXPECT_EQ(start->size_bytes, 5);
  EXPECT_EQ(start->filename, "a.gcode");
  EXPECT_EQ(farm_.SentTo(), "a");
  EXPECT_EQ(At(farm_.Last("accepted"), "id"), "\"" + Farm::Id(1) + "\"");
  ASSERT_TRUE(farm_.At("a").job);
  EXPECT_EQ(farm_.At("a").job->filename, "a.gcode");
}

TEST_F(Reprint, StartsAPanelsJobFromItsFile) {
  Ask();
  Answer({Row("null", kFile)});
  ASSERT_EQ(Starts().size(), 1U);
  const auto* start = std::get_if<protocol::StartFromFile>(Starts()[0]);
  ASSERT_NE(start, nullptr);
  EXPECT_EQ(start->storage, protocol::Storage::kLocal);
  EXPECT_EQ(start->path, "/");
  EXPECT_EQ(start->filename, "a.gcode");
}

TEST_F(Reprint, AFileThatTheCommandNamedIsOfItsPrinterAlone) {
  const std::string args = R"({"file":)" + kFile + "}";
  Ask(R"({"printers":["b"]})");
  Answer({Row(args, "null", "\"finished\"", "b-id")});
  EXPECT_EQ(Rejected(), "\"unsupported\"");
  EXPECT_TRUE(Starts().empty());
  Ask(R"({"printers":["b"]})", R"({"job_id":7})", "{}", 2);
  Answer({Row(args, kFile, "\"finished\"", "b-id")});
  EXPECT_EQ(Starts().size(), 1U);
  EXPECT_EQ(farm_.SentTo(), "b");
}

TEST_F(Reprint, SaysWhyItCannot) {
  struct Case {
    const char* what;
    std::vector<std::string> rows;
    const char* reason;
  };

  const Case cases[] = {
      {"no such job", {}, "\"not_found\""},
      {"not ended", {Row(kUrlArgs, kFile, "null")}, "\"unsupported\""},
      {"nothing says where the file is", {Row("null", "null")}, "\"unsupported\""},
      {"another model", {Row(kUrlArgs, kFile, "\"failed\"", "max-id")}, "\"unsupported\""},
      {"a printer that is gone",
       {Row(kUrlArgs, kFile, "\"failed\"", "gone-id")},
       "\"unsupported\""},
  };
  int number = 1;
  for (const Case& c : cases) {
    Ask("{}", R"({"job_id":7})", "{}", number++);
    Answer(c.rows);
    EXPECT_EQ(Rejected(), c.reason) << c.what;
  }
  EXPECT_TRUE(Starts().empty());
}

TEST_F(Reprint, GoesToExactlyOnePrinter) {
  Ask(R"({"all":true})");
  EXPECT_TRUE(farm_.all.questions.empty());
  EXPECT_EQ(Rejected(), "\"too_many\"");
}

TEST_F(Reprint, HasAllTheGatesOfAStart) {
  farm_.At("a").registration.bed = printer::Bed::kOccupied;
  Ask();
  Answer({Row(kUrlArgs, kFile)});
  EXPECT_EQ(farm_.State("a"), "skipped(bed_not_clear)");
  farm_.At("a").registration.bed = printer::Bed::kUnknown;
  Ask("{}", R"({"job_id":7})", "{}", 2);
  Answer({Row(kUrlArgs, kFile)});
  EXPECT_EQ(farm_.State("a"), "skipped(bed_not_clear)")
      << "the first start's word about the bed is not this one's";
  Ask("{}", R"({"job_id":7,"bed_unknown_ok":true})", "{}", 3);
  Answer({Row(kUrlArgs, kFile)});
  EXPECT_EQ(Starts().size(), 1U);
}

TEST_F(Reprint, TheSameRequestStartsOnce) {
  Ask();
  Ask();  // repeated before the store answered
  ASSERT_EQ(farm_.all.questions.size(), 2U);
  Answer({Row(kUrlArgs, kFile)});
  Answer({Row(kUrlArgs, kFile)});
  Ask();  // and after
  EXPECT_EQ(farm_.all.questions.size(), 2U);
  EXPECT_EQ(Starts().size(), 1U);
  EXPECT_EQ(farm_.world.commands.size(), 1U);
}

TEST_F(Reprint, ADryRunDoesNothing) {
  Ask("{}", R"({"job_id":7})", R"({"dry_run":true})");
  Answer({Row(kUrlArgs, kFile)});
  EXPECT_EQ(At(farm_.Last("done"), "dry_run"), "true");
  EXPECT_TRUE(Starts().empty());
  EXPECT_EQ(farm_.world.commands.size(), 0U);
}

}  // namespace
}  // namespace printfleet::fleet
