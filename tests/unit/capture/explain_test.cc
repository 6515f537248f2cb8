#include "capture/explain.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "capture/explain_text.h"

namespace printfleet::capture {
namespace {

const std::string kHead = "anycubic/anycubicCloud/v1/printer/public/20021/";
const std::string kRequests = "anycubic/anycubicCloud/v1/server/printer/20021/";

class Explaining : public ::testing::Test {
 protected:
  Explanation Say(const std::string& topic, const std::string& payload, int64_t offset_ms = 0) {
    Message message;
    message.topic = topic;
    message.payload = payload;
    message.offset_ms = offset_ms;
    return explainer_.Explain(++line_, message);
  }

  Answer AnswerTo(const std::string& point) {
    const Summary summary = explainer_.Finish();
    for (const Answer& answer : summary.models.at("20021").answers) {
      if (answer.point == point) {
        return answer;
      }
    }
    ADD_FAILURE() << "no point " << point;
    return {};
  }

  const settings::ErrorCodes codes_{};
  Explainer explainer_{codes_};
  int64_t line_ = 0;
};

bool Has(const std::vector<std::string>& texts, const std::string& text) {
  return std::ranges::find(texts, text) != texts.end();
}

std::string FieldOf(const Explanation& explanation, const std::string& name) {
  const auto found = std::ranges::find(explanation.fields, name, &Field::name);
  return found == explanation.fields.end() ? "absent" : found->json;
}

TEST_F(Explaining, AReportInOurUnits) {
  const Explanation explanation = Say(
      kHead + "aa/print/report",
      R"({"type":"print","action":"start","state":"printing","msgid":"m","timestamp":1795600800000,)"
      R"("code":200,"data":{"taskid":"7","filename":"a.gcode","progress":50,"print_time":2,)"
      R"("who_knows":[1]}})");
  EXPECT_EQ(FieldOf(explanation, "progress_ratio"), "0.5");
  EXPECT_EQ(FieldOf(explanation, "elapsed_s"), "120.0");
  EXPECT_EQ(FieldOf(explanation, "task_id"), "\"7\"");
  EXPECT_EQ(FieldOf(explanation, "layer"), "absent");
  EXPECT_EQ(explanation.ignored, std::vector<std::string>{"data.who_knows"});
  EXPECT_TRUE(explanation.surprises.empty()) << explanation.surprises[0];
  EXPECT_TRUE(Has(explanation.changes, "state unknown -> printing"));
}

TEST_F(Explaining, WhatIsNotInTheDossier) {
  const auto surprises = [this](const std::string& type, const std::string& payload) {
    return Say(kHead + "aa/" + type, payload).surprises;
  };
  EXPECT_TRUE(
      Has(surprises("print/report", R"({"data":{"taskid":7}})"), "data.taskid is a number"));
  EXPECT_TRUE(Has(surprises("file/report", R"({"data":{"records":[{"timestamp":1700000000}]}})"),
                  "data.records[].timestamp is in seconds"));
  EXPECT_TRUE(
      Has(surprises("response", R"({"msgid":"x"})"), "an acknowledgement: not known of a Kobra 2"));
  EXPECT_TRUE(Has(surprises("tempature/report", R"({"timestamp":5586236})"),
                  "timestamp is no epoch time in ms"));
  EXPECT_TRUE(
      Has(surprises("print/report", R"({"code":99999})"), "code 99999 is not in the code table"));
  EXPECT_FALSE(surprises("print/report", R"({"state":"wobbling"})").empty());
  EXPECT_FALSE(surprises("print/report", R"({"data":{"progress":"much"}})").empty());
  EXPECT_FALSE(surprises("print/report", "{broken").empty());
  EXPECT_FALSE(Say("anycubic/elsewhere", "{}").surprises.empty());
}

TEST_F(Explaining, ARequestOnTheWrongFormOfTopic) {
  Say(kHead + "aa/ota/report",
      R"({"type":"ota","action":"reportVersion","data":{"firmware_version":"3.1.0"}})");
  const std::string query = R"({"type":"status","action":"query"})";
  EXPECT_TRUE(Say(kRequests + "aa/status", query).surprises.empty());
  EXPECT_TRUE(Has(Say(kRequests + "aa/status/query", query).surprises,
                  "a long topic; firmware 3.1.0 listens to the short form"));
  // Of another printer nothing is known: both forms are right.
  EXPECT_TRUE(Say(kRequests + "bb/status/query", query).surprises.empty());
}

TEST_F(Explaining, RepliesAreMatchedByMsgidOrByKind) {
  Say(kRequests + "aa/print", R"({"type":"print","action":"query","msgid":"1"})", 0);
  Say(kHead + "aa/print/report", R"({"type":"print","action":"query","msgid":"1"})", 100);
  Say(kRequests + "aa/print", R"({"type":"print","action":"query","msgid":"2"})", 1000);
  Say(kHead + "bb/print/report", R"({"type":"print","action":"query","msgid":"2"})", 1100);
  Say(kHead + "aa/print/report", R"({"type":"print","action":"query","msgid":"3"})", 1200);
  Say(kRequests + "aa/print/query", R"({"type":"print","action":"query","msgid":"4"})", 2000);
  Say(kHead + "aa/print/report", R"({"type":"print","action":"query","msgid":"4"})", 20000);
  const Answer answer = AnswerTo("reply to print/query");
  EXPECT_EQ(answer.settled, Answer::Settled::kYes);
  EXPECT_EQ(answer.text, "asked 3 times (1 on long topics), answered 2 times, 1 with its msgid");
}

TEST_F(Explaining, AJobThatOnlyFreeEndsIsSettledAtTheEnd) {
  Say(kHead + "aa/print/report",
      R"({"type":"print","action":"start","state":"printing","data":{"taskid":"7","filename":"a"}})");
  Say(kHead + "aa/status/report", R"({"type":"status","action":"workReport","state":"free"})",
      1000);
  EXPECT_EQ(explainer_.Finish().jobs, std::vector<std::string>{"aa: a: ended_unknown"});
}

TEST_F(Explaining, NothingBreaksIt) {
  for (const std::string& payload :
       {std::string(), std::string("null"), std::string("[]"), std::string("{}"),
        std::string(R"({"data":[]})"), std::string(R"({"data":{"records":7}})"),
        std::string(R"({"type":7,"action":{},"state":[],"code":"x","msgid":0,"timestamp":{}})"),
        std::string("\x00\xFF", 2), std::string(100000, '[')}) {
    for (const std::string& topic :
         {kHead + "aa/print/report", kHead + "aa/response", kRequests + "aa/print", kRequests,
          std::string(), std::string("/"), std::string("printer/public"),
          std::string("a/printer")}) {
      const Explanation explanation = Say(topic, payload);
      EXPECT_FALSE(TextOf(explanation).empty());
      EXPECT_EQ(JsonOf(explanation).find('\n'), std::string::npos);
    }
  }
  EXPECT_FALSE(TextOf(explainer_.Finish()).empty());
}

}  // namespace
}  // namespace printfleet::capture
