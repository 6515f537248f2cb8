// Messages as each service wants them: syntax, escaping, limits.
#include "notify/render.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "notify/sender.h"

namespace printfleet::notify {
namespace {

using settings::NotifyKind;
using settings::NotifyTemplate;

core::NotifyItem Item(const std::string& printer, NotifyKind kind = NotifyKind::kPrintFailed) {
  core::NotifyItem item;
  item.kind = kind;
  item.at = FromEpochMs(1'767'225'600'000);
  item.printer_id = "9347a110c5423fe412ce45533bfc10e6";
  item.printer = printer;
  item.job_id = JobId{17};
  item.filename = "clip_v2 <final>.gcode";
  item.layer = 100;
  item.layers = 300;
  item.progress_ratio = 0.45;
  item.text = "10107 filament broken & run out";
  return item;
}

core::Notification Message(std::vector<core::NotifyItem> items) {
  core::Notification message;
  message.id = core::NotificationId{5};
  message.target = "shift";
  message.created_at = FromEpochMs(1'767'225'600'000);
  message.items = std::move(items);
  return message;
}

core::Notification Outage(int printers) {
  std::vector<core::NotifyItem> items;
  for (int i = 0; i < printers; ++i) {
    items.push_back(
        Item("hall-1-rack-a-" + std::to_string(i), NotifyKind::kPrinterOfflineMidPrint));
    items.back().text = "connection_lost";
  }
  core::Notification message = Message(std::move(items));
  message.outage = core::NotifyOutage{message.created_at, printers, 60};
  return message;
}

// The body as JSON that lives as long as the fixture.
class RenderTest : public testing::Test {
 protected:
  json::Value Parse(const Rendered& rendered) {
    const auto parsed = parser_.Parse(rendered.body, {});
    EXPECT_TRUE(parsed.ok()) << rendered.body;
    return parsed.ok() ? *parsed : json::Value();
  }

  static std::string Text(const json::Value& value) {
    return std::string(value.String().value_or("(none)"));
  }

  json::Parser parser_;
};

TEST_F(RenderTest, WordsOfOneEvent) {
  const core::Notification message = Message({Item("a-03")});
  EXPECT_EQ(core::TitleOf(message), "a-03: print failed");
  EXPECT_EQ(
      core::LineOf(message, message.items[0], false),
      "a-03: clip_v2 <final>.gcode, layer 100 of 300, 45 % - 10107 filament broken & run out");
  EXPECT_EQ(core::LineOf(message, message.items[0], true), "a-03: layer 100 of 300");
}

TEST_F(RenderTest, Json) {
  const Rendered rendered = Render(NotifyTemplate::kJson, Message({Item("a-03")}));
  const json::Value body = Parse(rendered);
  EXPECT_EQ(Text(body["title"]), "a-03: print failed");
  EXPECT_EQ(Text(body["items"].at(0)["kind"]), "print_failed");
  EXPECT_EQ(Text(body["items"].at(0)["printer"]), "a-03");
  EXPECT_EQ(body["items"].at(0)["layer"].Int(), 100);
  EXPECT_TRUE(body["outage"].IsNull());
  EXPECT_EQ(rendered.headers, std::vector<std::string>{"Content-Type: application/json"});
}

TEST_F(RenderTest, Ntfy) {
  const Rendered rendered = Render(NotifyTemplate::kNtfy, Message({Item("a-03")}));
  EXPECT_EQ(rendered.body.substr(0, 26), "a-03: clip_v2 <final>.gcod");
  const std::vector<std::string> wanted = {"Content-Type: text/plain; charset=utf-8",
                                           "Title: a-03: print failed", "Priority: high",
                                           "Tags: warning"};
  EXPECT_EQ(rendered.headers, wanted);
}

TEST_F(RenderTest, NtfysHeadersAreAsciiOfOneLine) {
  const Rendered rendered =
      Render(NotifyTemplate::kNtfy, Message({Item("Müller\r\nX-Evil: 1 ÄÖÜäöüßÄÖÜäöüßÄÖÜäöüß")}));
  for (const std::string& header : rendered.headers) {
    for (const char c : header) {
      EXPECT_TRUE(c >= 0x20 && c < 0x7f) << header;
    }
  }
  EXPECT_EQ(rendered.headers[1].substr(0, 17), "Title: =?UTF-8?B?");
}

TEST_F(RenderTest, Discord) {
  const json::Value body = Parse(Render(NotifyTemplate::kDiscord, Message({Item("@everyone_*")})));
  EXPECT_EQ(Text(body["content"]), "\\@everyone\\_\\*: print failed");
  EXPECT_EQ(body["allowed_mentions"]["parse"].size(), 0U);
  EXPECT_TRUE(body["allowed_mentions"]["parse"].IsArray());
  EXPECT_NE(Text(body["embeds"].at(0)["description"]).find("clip\\_v2 \\<final\\>"),
            std::string::npos)
      << Text(body["embeds"].at(0)["description"]);
}

TEST_F(RenderTest, Slack) {
  const json::Value body = Parse(Render(NotifyTemplate::kSlack, Message({Item("a&<!channel>")})));
  EXPECT_EQ(Text(body["text"]), "a&amp;&lt;!channel&gt;: print failed");
  EXPECT_EQ(Text(body["blocks"].at(0)["type"]), "header");
  EXPECT_EQ(Text(body["blocks"].at(1)["text"]["type"]), "plain_text");
}

// The power cut of the manual: every printer has its name in every service's message.
TEST_F(RenderTest, ThirtySevenPrintersFit) {
  const core::Notification message = Outage(37);
  EXPECT_EQ(core::TitleOf(message), "Outage: 37 of 60 printers lost, 37 of them mid-print");
  for (const NotifyTemplate form : {NotifyTemplate::kJson, NotifyTemplate::kNtfy,
                                    NotifyTemplate::kDiscord, NotifyTemplate::kSlack}) {
    const std::string body = Render(form, message).body;
    for (int i = 0; i < 37; ++i) {
      EXPECT_NE(body.find("hall-1-rack-a-" + std::to_string(i)), std::string::npos)
          << settings::Name(form) << " " << i;
    }
    EXPECT_NE(body.find("layer"), std::string::npos) << settings::Name(form);
  }
}

TEST_F(RenderTest, LimitsHoldForAnyNumberOfPrinters) {
  for (const int printers : {1, 60, 500}) {
    core::Notification message = Outage(printers);
    message.more = printers == 500 ? 1000 : 0;
    EXPECT_LE(Render(NotifyTemplate::kNtfy, message).body.size(), 4096U);
    const json::Value discord = Parse(Render(NotifyTemplate::kDiscord, message));
    EXPECT_LE(Text(discord["content"]).size(), 2000U);
    EXPECT_LE(Text(discord["embeds"].at(0)["description"]).size(), 4096U);
    const json::Value slack = Parse(Render(NotifyTemplate::kSlack, message));
    EXPECT_LE(slack["blocks"].size(), 6U);
    EXPECT_LE(Text(slack["blocks"].at(0)["text"]["text"]).size(), 150U);
    for (size_t i = 1; i < slack["blocks"].size(); ++i) {
      EXPECT_LE(Text(slack["blocks"].at(i)["text"]["text"]).size(), 3000U);
    }
  }
  const auto lines =
      FitLines(Outage(500), 1000, [](std::string_view text) { return std::string(text); });
  EXPECT_TRUE(lines.back().starts_with("… and ")) << lines.back();
}

TEST_F(RenderTest, LongNamesAreCut) {
  core::NotifyItem item = Item(std::string(3000, '&'));
  const json::Value slack = Parse(Render(NotifyTemplate::kSlack, Message({item})));
  EXPECT_LE(Text(slack["blocks"].at(0)["text"]["text"]).size(), 150U);
  EXPECT_LE(Text(slack["text"]).size(), 4000U);
  for (size_t i = 1; i < slack["blocks"].size(); ++i) {
    EXPECT_LE(Text(slack["blocks"].at(i)["text"]["text"]).size(), 3000U);
  }
}

TEST(Verdicts, OfAStatus) {
  EXPECT_TRUE(Verdict(204, seconds(0)).ok);
  for (const long status : {301L, 400L, 401L, 404L, 410L}) {
    EXPECT_TRUE(Verdict(status, seconds(0)).permanent) << status;
  }
  for (const long status : {408L, 429L, 500L, 503L}) {
    EXPECT_FALSE(Verdict(status, seconds(0)).ok) << status;
    EXPECT_FALSE(Verdict(status, seconds(0)).permanent) << status;
  }
  EXPECT_EQ(Verdict(429, seconds(30)).retry_after, seconds(30));
  EXPECT_EQ(Verdict(429, seconds(10'000'000)).retry_after, seconds(86400));
}

TEST(Headers, OfAFile) {
  const auto headers = ParseHeaders("Authorization: Bearer x\r\n\nX-Farm: 1\n");
  ASSERT_TRUE(headers.ok());
  EXPECT_EQ(*headers, (std::vector<std::string>{"Authorization: Bearer x", "X-Farm: 1"}));
  for (const std::string text :
       {"Authorization Bearer secret\n", ": x\n", "A b: x\n", "A: \x01\n"}) {
    const auto refused = ParseHeaders(text);
    ASSERT_FALSE(refused.ok()) << text;
    EXPECT_EQ(refused.error().message.find("secret"), std::string::npos);
  }
}

}  // namespace
}  // namespace printfleet::notify
