#include "broker/access.h"

#include <gtest/gtest.h>

namespace printfleet::broker {
namespace {

using settings::BrokerListener;
using settings::Login;

std::string Access(bool printers, bool people, Login login) {
  BrokerListener listener;
  listener.for_printers = printers;
  listener.for_people = people;
  listener.login = login;
  const std::string text = ListenerAccess(listener, "fleet/v1");
  return text.substr(text.find('\n') + 1);  // without the comment
}

constexpr const char* kPrinter =
    "pattern write anycubic/anycubicCloud/v1/printer/public/+/%c/#\n"
    "pattern write anycubic/anycubicCloud/v1/printer/app/+/%c/#\n"
    "pattern write anycubic/anycubicCloud/printer/public/+/%c/#\n"
    "pattern read anycubic/anycubicCloud/v1/+/printer/+/%c/#\n"
    "pattern read anycubic/anycubicCloud/server/printer/+/%c/#\n"
    "pattern read anycubic/anycubicCloud/web/printer/+/%c/#\n"
    "pattern read anycubic/anycubicCloud/slicer/printer/+/%c/#\n"
    "pattern read anycubic/anycubicCloud/pc/printer/+/%c/#\n"
    "pattern read anycubic/anycubicCloud/app/printer/+/%c/#\n";

constexpr const char* kPublic =
    "pattern read fleet/v1/printers/#\n"
    "pattern read fleet/v1/rollouts/#\n"
    "pattern read fleet/v1/events\n"
    "pattern read fleet/v1/bridge\n"
    "pattern read $SYS/#\n";

constexpr const char* kDeny = "pattern deny $CONTROL/#\n";

// Home Assistant reads what the daemon alone writes, and only where it is switched on.
TEST(Access, DiscoveryIsTheDaemons) {
  settings::BrokerListener people;
  people.login = settings::Login::kPassword;
  const std::string shown = ListenerAccess(people, "fleet/v1", "homeassistant");
  EXPECT_NE(shown.find("pattern read homeassistant/device/+/config\n"), std::string::npos);
  EXPECT_EQ(shown.find("write homeassistant"), std::string::npos);
  EXPECT_EQ(ListenerAccess(people, "fleet/v1").find("homeassistant"), std::string::npos);
  EXPECT_NE(PrivateAccess("fleet/v1", "homeassistant")
                .find("pattern readwrite homeassistant/device/+/config\n"),
            std::string::npos);
}

TEST(BrokerAccess, Printers) {
  EXPECT_EQ(Access(true, false, Login::kNone), std::string(kDeny) + kPrinter);
}

TEST(BrokerAccess, People) {
  EXPECT_EQ(Access(false, true, Login::kPassword), std::string(kDeny) +
                                                       "pattern write fleet/v1/command/%u\n"
                                                       "pattern read fleet/v1/response/%u/#\n" +
                                                       kPublic);
}

TEST(BrokerAccess, LocalIsTheOnlyAuthorOfAnOpenListener) {
  const std::string expected = std::string(kDeny) +
                               "pattern write fleet/v1/command\n"
                               "pattern write fleet/v1/command/local\n"
                               "pattern read fleet/v1/response/local/#\n" +
                               kPublic + "pattern readwrite anycubic/#\n";
  EXPECT_EQ(Access(true, true, Login::kNone), expected);
  EXPECT_EQ(Access(false, true, Login::kNone), expected);
}

TEST(BrokerAccess, WithAPasswordAPrinterIsItsUserName) {
  const std::string both = Access(true, true, Login::kPassword);
  EXPECT_EQ(both.find("%c"), std::string::npos);
  EXPECT_NE(both.find("pattern write anycubic/anycubicCloud/v1/printer/public/+/%u/#\n"),
            std::string::npos);
}

TEST(BrokerAccess, Daemon) {
  EXPECT_EQ(PrivateAccess("a/b").substr(PrivateAccess("a/b").find('\n') + 1),
            std::string(kDeny) +
                "pattern readwrite a/b/#\npattern readwrite anycubic/#\npattern read $SYS/#\n");
}

TEST(BrokerAccess, TopicRoot) {
  EXPECT_TRUE(CheckTopicRoot("fleet/v1").ok());
  EXPECT_TRUE(CheckTopicRoot("anycubics").ok());
  for (const char* root : {"", "fleet/+", "#", "$SYS", "/fleet", "fleet/", "a b", "a\nb", "%u",
                           "anycubic", "anycubic/x"}) {
    EXPECT_FALSE(CheckTopicRoot(root).ok()) << root;
  }
}

}  // namespace
}  // namespace printfleet::broker
