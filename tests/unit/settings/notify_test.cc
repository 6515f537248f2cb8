// The section `notify`: what is wrong is said with its place, and what is right is read.
#include <gtest/gtest.h>

#include "settings/load.h"
#include "settings/url.h"

namespace printfleet::settings {
namespace {

Loaded Load(const std::string& notify) {
  return LoadText("data_dir: /d\n" + notify, "c.yaml");
}

// The first error's text, "" for none.
std::string Complaint(const std::string& notify) {
  const Loaded loaded = Load(notify);
  for (const Problem& problem : loaded.problems) {
    if (!problem.warning) {
      return problem.Text();
    }
  }
  return "";
}

std::string Target(const std::string& more) {
  return "notify: {targets: [{name: a, url: 'https://h/x'" + more + "}]}";
}

TEST(NotifySettings, ReadsATarget) {
  const Loaded loaded = Load(
      "notify:\n"
      "  targets:\n"
      "    - name: night\n"
      "      url: https://ntfy.example/farm\n"
      "      template: ntfy\n"
      "      events: [print_failed, farm_outage]\n"
      "      groups: [rack-a]\n"
      "      group_s: 5\n"
      "      quiet_hours: {from: '22:30', to: '07:00', except: [farm_outage]}\n"
      "  queue_max: 7\n");
  ASSERT_TRUE(loaded.ok()) << loaded.problems[0].Text();
  ASSERT_EQ(loaded.settings.notify.targets.size(), 1U);
  const NotifyTarget& target = loaded.settings.notify.targets[0];
  EXPECT_EQ(target.name, "night");
  EXPECT_EQ(target.form, NotifyTemplate::kNtfy);
  EXPECT_EQ(target.events, (std::vector{NotifyKind::kPrintFailed, NotifyKind::kFarmOutage}));
  EXPECT_EQ(target.groups, std::vector<std::string>{"rack-a"});
  EXPECT_EQ(target.group, seconds(5));
  ASSERT_TRUE(target.quiet_hours.has_value());
  EXPECT_EQ(target.quiet_hours->from_min, 22 * 60 + 30);
  EXPECT_EQ(target.quiet_hours->to_min, 7 * 60);
  EXPECT_EQ(target.quiet_hours->except, std::vector{NotifyKind::kFarmOutage});
  EXPECT_EQ(loaded.settings.notify.queue_max, 7);
}

TEST(NotifySettings, SaysWhatIsWrong) {
  const std::pair<std::string, std::string> cases[] = {
      {"notify: {targets: [{url: 'https://h/x'}]}", "name is missing"},
      {"notify: {targets: [{name: a}]}", "wanted one of url and url_file"},
      {Target(", url_file: /f"), "wanted one of url and url_file"},
      {Target(", events: [print_fialed]"), "print_failed"},
      {Target(", events: []"), "is empty"},
      {Target(", template: teams"), "json, ntfy, discord"},
      {Target(", quiet_hours: {from: '24:00', to: '07:00'}"), "no time of day"},
      {Target(", quiet_hours: {from: '22:00'}"), "to is missing"},
      {Target(", quiet_hours: {from: '22:00', to: '22:00'}"), "same as from"},
      {Target(", group_s: 60, group_max_s: 10"), "at least group_s"},
      {Target(", timeout_s: 0"), "not within 1 to 600"},
      {Target(", headers_file: h"), "absolute path"},
      {Target(", colour: red"), "unknown key"},
      {"notify: {targets: [{name: a b, url: 'https://h/x'}]}", "must be letters"},
      {"notify: {targets: [{name: a, url: 'ftp://h/x'}]}", "wanted https://"},
      {"notify: {targets: [{name: a, url: 'https://u:p@h/x'}]}", "headers_file"},
      {"notify: {targets: [{name: a, url: 'https://h/x'}, {name: a, url: 'https://h/y'}]}",
       "name of another target"},
      {"notify: {retry_first_s: 60, retry_max_s: 5}", "at least retry_first_s"},
      {"notify: {queue_max: 0}", "not within 1 to 1000"},
      {"home_assistant: {discovery_prefix: 'a/#'}", "wildcard"},
      {"home_assistant: {discovery_prefix: 'a%u'}", "holds a %"},
  };
  for (const auto& [text, wanted] : cases) {
    EXPECT_NE(Complaint(text).find(wanted), std::string::npos) << text << "\n" << Complaint(text);
  }
}

// Such a URL is a secret.
TEST(NotifySettings, AProblemDoesNotRepeatTheUrl) {
  const Status checked = CheckNotifyUrl("https://user@h/secret-token");
  ASSERT_FALSE(checked.ok());
  EXPECT_EQ(checked.error().message.find("secret-token"), std::string::npos);
}

TEST(NotifySettings, KindsHaveNames) {
  for (int at = 0; at < kNotifyKinds; ++at) {
    const auto kind = static_cast<NotifyKind>(at);
    EXPECT_EQ(ParseNotifyKind(Name(kind)), kind);
  }
  EXPECT_FALSE(ParseNotifyKind("print"));
}

}  // namespace
}  // namespace printfleet::settings
