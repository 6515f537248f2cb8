#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/digest.h"
#include "settings/load.h"
#include "settings/url.h"

namespace printfleet::settings {
namespace {

class UsersFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "users-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
    file_ = name + "/users";
  }

  void TearDown() override { std::filesystem::remove_all(directory_); }

  void Write(const std::string& text) const { std::ofstream(file_) << text; }

  std::string directory_;
  std::string file_;
};

TEST_F(UsersFile, AMissingOneIsNobody) {
  const auto users = LoadUsers(file_);
  ASSERT_TRUE(users.ok());
  EXPECT_TRUE(users->empty());
}

TEST_F(UsersFile, ComesBackAsItWasSaved) {
  Users users;
  users["anna"] = {"anna", Role::kOperator, "$7$101$c2FsdA==$aGFzaA=="};
  users["bo@example"] = {"bo@example", Role::kAdmin, "$7$101$c2FsdA==$b3RoZXI="};
  ASSERT_TRUE(SaveUsers(file_, users).ok());
  users.erase("anna");
  users["cleo"] = {"cleo", Role::kViewer, "$7$101$c2FsdA==$b3RoZXI="};
  ASSERT_TRUE(SaveUsers(file_, users).ok());

  struct stat info {};

  ASSERT_EQ(stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  const auto read = LoadUsers(file_);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->size(), 2U);
  EXPECT_EQ(read->at("bo@example").role, Role::kAdmin);
  EXPECT_EQ(read->at("cleo").password_hash, "$7$101$c2FsdA==$b3RoZXI=");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_), {}), 1);
}

TEST_F(UsersFile, KeysAreKeptAsDigestsAndFoundByTheKey) {
  Users users;
  users["anna"] = {
      "anna", Role::kOperator, "$7$1$c2Fs$aGFzaA==", {Sha256Hex("k1"), Sha256Hex("k2")}};
  users["bo"] = {"bo", Role::kAdmin, "$7$1$c2Fs$b3Ro", {Sha256Hex("k3")}};
  users["cleo"] = {"cleo", Role::kViewer, "$7$1$c2Fs$b3Ro"};
  ASSERT_TRUE(SaveUsers(file_, users).ok());
  const auto read = LoadUsers(file_);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(UsersText(*read).find("k1"), std::string::npos);
  EXPECT_EQ(read->at("anna").password_hash, "$7$1$c2Fs$aGFzaA==");
  for (const auto& [key, name] : {std::pair("k1", "anna"), {"k2", "anna"}, {"k3", "bo"}}) {
    const User* found = FindByKey(*read, key);
    ASSERT_NE(found, nullptr) << key;
    EXPECT_EQ(found->name, name);
  }
  for (const char* key : {"", "k4", "k1 "}) {
    EXPECT_EQ(FindByKey(*read, key), nullptr) << key;
  }
}

TEST_F(UsersFile, MistakesNameTheLine) {
  const std::pair<const char*, const char*> kCases[] = {
      {"anna:operator\n", ":1: expected name:role:password hash"},
      {"# x\n\nanna:boss:$7$x\n", ":3: the role is none of viewer, operator, admin"},
      {"anna:admin:secret\n", ":1: the password hash does not begin with $7$"},
      {"an/na:admin:$7$x\n",
       ":1: a user name is letters, digits, \".\", \"_\", \"-\" and \"@\", at most 64"},
      {"local:admin:$7$x\n", ":1: the user name \"local\" is taken by printfleet itself"},
      {"a:admin:$7$x:12\n", ":1: the digests of keys are not at most 10 SHA-256 in hex"},
      {"a:admin:$7$x\na:admin:$7$x\n", ":2: user \"a\" is here twice"},
  };
  for (const auto& [text, message] : kCases) {
    Write(text);
    const auto users = LoadUsers(file_);
    ASSERT_FALSE(users.ok()) << text;
    EXPECT_EQ(users.error().message, file_ + message);
  }
}

TEST_F(UsersFile, MakesItsFolderBeforeTheFirstStart) {
  EXPECT_TRUE(SaveUsers(directory_ + "/new/users", {}).ok());
  EXPECT_TRUE(LoadUsers(directory_ + "/new/users").ok());
}

TEST_F(UsersFile, CannotBeSavedBelowAFile) {
  EXPECT_TRUE(SaveUsers(directory_ + "/users", {}).ok());
  EXPECT_FALSE(SaveUsers(directory_ + "/users/users", {}).ok());
}

TEST(Url, IsTakenApart) {
  const auto url = ParseUrl("mqtts://anna@broker.example:8883/x?y");
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->scheme, "mqtts");
  EXPECT_EQ(url->user, "anna");
  EXPECT_FALSE(url->password);
  EXPECT_EQ(url->host, "broker.example");
  EXPECT_EQ(url->port, 8883);
  EXPECT_EQ(url->rest, "/x?y");
  EXPECT_EQ(ParseUrl("mqtt://[::1]:1883")->host, "::1");
  EXPECT_EQ(ParseUrl("mqtt://[::1]:1883")->port, 1883);
  EXPECT_EQ(ParseUrl("mqtt://host")->port, 0);
  EXPECT_TRUE(ParseUrl("mqtt://a:b@host")->password);
  for (const auto* wrong :
       {"host", "://h", "mqtt://h:x", "mqtt://h:70000", "mqtt://[::1", "mqtt://a b"}) {
    EXPECT_FALSE(ParseUrl(wrong).ok()) << wrong;
  }
}

}  // namespace
}  // namespace printfleet::settings
