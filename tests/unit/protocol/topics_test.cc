#include "protocol/topics.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/unit/protocol/fixtures.h"

namespace printfleet::protocol {
namespace {

constexpr std::string_view kId = "9347a110c5423fe412ce45533bfc10e6";

std::string Public(std::string_view tail) {
  return "anycubic/anycubicCloud/v1/printer/public/" + std::string(tail);
}

TEST(ReportTopic, PublicAndAppFormsHaveModelIdAndType) {
  for (const std::string_view origin : {"public", "app"}) {
    const std::string topic = "anycubic/anycubicCloud/v1/printer/" + std::string(origin) +
                              "/20021/" + std::string(kId) + "/print/report";
    const auto parsed = ParseReportTopic(topic);
    ASSERT_TRUE(parsed) << topic;
    EXPECT_EQ(parsed->model_id, "20021");
    EXPECT_EQ(parsed->printer_id, kId);
    EXPECT_EQ(parsed->type, "print");
  }
}

TEST(ReportTopic, ResponseIsAType) {
  EXPECT_EQ(ParseReportTopic(Public("m7/x/response"))->type, "response");
  EXPECT_EQ(ParseReportTopic("anycubic/anycubicCloud/v1/printer/app/1/2/response")->type,
            "response");
  EXPECT_FALSE(ParseReportTopic(Public("m7/x/response/")));
}

TEST(ReportTopic, ABoxesFirmwareIsNotThePrinters) {
  EXPECT_EQ(ParseReportTopic(Public("20024/x/ota/multiColorBox/0/report"))->type, "multiColorBox");
}

TEST(ReportTopic, OthersAreForeign) {
  const std::array<std::string, 19> foreign{
      "",
      "anycubic",
      Public(""),
      Public("20021"),
      Public("20021/x"),
      Public("20021/x/print"),
      Public("20021/x/print/"),
      Public("20021/x/print/report/"),
      Public("20021/x/print/report/more"),
      Public("20021/x//report"),
      Public("20021//print/report"),
      Public("/x/print/report"),
      Public("20021/x/ota/multiColorBox//report"),
      "anycubic/anycubicCloud/v1/server/printer/20021/x/print",
      "anycubic/anycubicCloud/v1/web/printer/20024/x/print/report",
      "anycubic/anycubicCloud/printer/public/20021/x/online/status",
      "anycubic/anycubicCloud/v1/+/public/slice/report",
      "fleet/v1/command",
      "$SYS/broker/uptime",
  };
  for (const std::string& topic : foreign) {
    EXPECT_FALSE(ParseReportTopic(topic)) << topic;
  }
}

TEST(ReportTopic, IdsThatCannotBeIdsAreRefused) {
  const std::string longest(kPrinterIdBytesMax, 'a');
  const std::string model(kModelIdBytesMax, 'm');
  EXPECT_TRUE(ParseReportTopic(Public(model + "/" + longest + "/print/report")));
  EXPECT_FALSE(ParseReportTopic(Public(model + "m/x/print/report")));
  EXPECT_FALSE(ParseReportTopic(Public("20021/" + longest + "a/print/report")));
  for (const std::string_view id : {"+", "#", "a+b", "a\x01", "a\x7F", "a\xFF"}) {
    EXPECT_FALSE(ParseReportTopic(Public("20021/" + std::string(id) + "/print/report"))) << id;
  }
  EXPECT_FALSE(ParseReportTopic(Public(std::string("20021/a\0b/print/report", 22))));
  EXPECT_TRUE(ParseReportTopic(Public("m7/\xE7\x9B\x92 <id>/print/report")));
}

struct FormCase {
  std::string_view firmware;
  TopicForm form;
};

TEST(TopicForm, IsByTheVersionAsNumbers) {
  constexpr std::array<FormCase, 22> kCases{{{"3.0.10", TopicForm::kLong},
                                             {"3.0.9", TopicForm::kLong},
                                             {"2.3.9", TopicForm::kLong},
                                             {"3", TopicForm::kLong},
                                             {"2.3.3.1 ", TopicForm::kLong},
                                             {"3.1", TopicForm::kShort},
                                             {"3.1.0", TopicForm::kShort},
                                             {" 3.1.0\n", TopicForm::kShort},
                                             {"3.1.2.3", TopicForm::kShort},
                                             {"3.10", TopicForm::kShort},
                                             {"03.01.00", TopicForm::kShort},
                                             {"10.0.0", TopicForm::kShort},
                                             {"", TopicForm::kBoth},
                                             {" ", TopicForm::kBoth},
                                             {"v3.1", TopicForm::kBoth},
                                             {"3.1-beta", TopicForm::kBoth},
                                             {"3..1", TopicForm::kBoth},
                                             {"3.", TopicForm::kBoth},
                                             {".1", TopicForm::kBoth},
                                             {"-3.1.0", TopicForm::kBoth},
                                             {"9999999999999999999999.1", TopicForm::kBoth},
                                             {"1.1.1.1.1.1.1.1.1", TopicForm::kBoth}}};
  for (const FormCase& row : kCases) {
    EXPECT_EQ(TopicFormFor(row.firmware, "3.1.0"), row.form) << row.firmware;
  }
  EXPECT_EQ(TopicFormFor("3.1.0", "never"), TopicForm::kBoth);
}

TEST(TopicForm, NamesAreReadBack) {
  for (const TopicForm form : {TopicForm::kShort, TopicForm::kLong, TopicForm::kBoth}) {
    EXPECT_EQ(ParseTopicForm(Name(form)), form);
  }
  EXPECT_FALSE(ParseTopicForm("Short"));
}

TEST(CompareVersions, OrdersLikeNumbers) {
  EXPECT_EQ(CompareVersions("3.1", "3.1.0"), 0);
  EXPECT_EQ(CompareVersions("3.1.2", "3.1.2.3"), -1);
  EXPECT_EQ(CompareVersions("3.1.10", "3.1.9"), 1);
  EXPECT_FALSE(CompareVersions("3.1", ""));
}

TEST(RequestTopic, LongFormHasTheAction) {
  EXPECT_EQ(RequestTopic("20021", kId, "print", "pause", TopicForm::kShort),
            FixtureNamed("AGG2017_kobra-unleashed__req-print-pause__1").topic);
  EXPECT_EQ(RequestTopic("20021", kId, "print", "pause", TopicForm::kLong),
            FixtureNamed("AGG2017_kobra-unleashed__req-print-pause__1").topic + "/pause");
}

}  // namespace
}  // namespace printfleet::protocol
