#include "broker/password.h"

#include <gtest/gtest.h>

namespace printfleet::broker {
namespace {

// Made by Debian's mosquitto_passwd 2.0.11.
constexpr const char* kTheirs =
    "$7$101$HCDK9JvZnWMfBsgA$"
    "fJlzlAGZaxr49EBTof1MBsrQTC5xxzVYNBwWoazYC53CnhgdQSlOmDZKGcj3NxWA6tr44yntkw6myQ+JYjKlRg==";

TEST(BrokerPassword, VerifiesWhatMosquittoPasswdMade) {
  EXPECT_TRUE(*VerifyPassword("swordfish", kTheirs));
  EXPECT_FALSE(*VerifyPassword("Swordfish", kTheirs));
}

TEST(BrokerPassword, HashesAreSaltedAndVerify) {
  const Result<std::string> one = HashPassword("secret", 101);
  const Result<std::string> two = HashPassword("secret", 101);
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_NE(*one, *two);
  EXPECT_TRUE(one->starts_with("$7$101$"));
  EXPECT_TRUE(*VerifyPassword("secret", *one));
  EXPECT_FALSE(*VerifyPassword("", *one));
}

TEST(BrokerPassword, OtherTextsAreMalformed) {
  for (const std::string text : {"", "secret", "$6$a$b", "$7$", "$7$101$", "$7$101$AAAA$AAAA",
                                 "$7$0$a$b", "$7$x$a$b", "$7$99999999$a$b"}) {
    const Result<bool> result = VerifyPassword("secret", text);
    ASSERT_FALSE(result.ok()) << text;
    EXPECT_EQ(result.error().code, Errc::kMalformed);
  }
}

TEST(BrokerPassword, UserNamesCannotReachBeyondTheirOwnTopic) {
  for (const char* name : {"alice", "Bob_2", "a.b-c@d"}) {
    EXPECT_TRUE(CheckUserName(name).ok()) << name;
  }
  for (const char* name :
       {"", "a/b", "+", "#", "a:b", "a b", "a\nb", "%u", "local", "$SYS", "printfleet-daemon"}) {
    EXPECT_FALSE(CheckUserName(name).ok()) << name;
  }
}

TEST(BrokerPassword, FileOfUsers) {
  settings::Users users;
  users["alice"] = {"alice", settings::Role::kOperator, kTheirs};
  EXPECT_EQ(*PasswordFileText(users), std::string("alice:") + kTheirs + "\n");
  users["bob"] = {"bob", settings::Role::kViewer, "plain"};
  EXPECT_FALSE(PasswordFileText(users).ok());
}

}  // namespace
}  // namespace printfleet::broker
