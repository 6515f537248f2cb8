#include "store/connection.h"

#include <gtest/gtest.h>

namespace printfleet::store {
namespace {

Result<std::string> Complete(const std::string& conninfo) {
  return CompleteConninfo({.conninfo = conninfo, .admin_conninfo = "", .instance = "it's"});
}

TEST(Conninfo, UrlIsTakenApartAndCompleted) {
  const Result<std::string> conninfo = Complete("postgresql://anna:p%27w@db.example/fleet");

  ASSERT_TRUE(conninfo);
  EXPECT_NE(conninfo->find("host='db.example'"), std::string::npos);
  EXPECT_NE(conninfo->find("password='p\\'w'"), std::string::npos);
  EXPECT_NE(conninfo->find("application_name='printfleet/it\\'s'"), std::string::npos);
  EXPECT_NE(conninfo->find("connect_timeout='5'"), std::string::npos);
  EXPECT_NE(conninfo->find("client_encoding='UTF8'"), std::string::npos);
}

TEST(Conninfo, CallersOwnSettingsStay) {
  const Result<std::string> conninfo = Complete("host=h connect_timeout=77 application_name=x");

  ASSERT_TRUE(conninfo);
  EXPECT_NE(conninfo->find("connect_timeout='77'"), std::string::npos);
  EXPECT_EQ(conninfo->find("application_name='x'"), std::string::npos);
}

TEST(Conninfo, BadTextIsAnErrorWithoutItsPassword) {
  const Result<std::string> conninfo = Complete("host=h passwort=secret");

  ASSERT_FALSE(conninfo);
  EXPECT_EQ(conninfo.error().code, Errc::kInvalid);
  EXPECT_EQ(conninfo.error().message.find("secret"), std::string::npos);
}

TEST(Conninfo, DatabaseName) {
  EXPECT_EQ(*DatabaseName("postgresql:///farm"), "farm");
  EXPECT_EQ(*DatabaseName("host=h"), "");
}

TEST(Conninfo, ApplicationNameIsCutAsTheServerCutsIt) {
  EXPECT_EQ(ApplicationName(std::string(100, 'x')).size(), 63U);
}

TEST(SqlState, DataIsRejectedTheServersTroubleIsNot) {
  EXPECT_EQ(ErrcOfSqlState("22021"), Errc::kRejected);
  EXPECT_EQ(ErrcOfSqlState("23514"), Errc::kRejected);
  EXPECT_EQ(ErrcOfSqlState("54000"), Errc::kRejected);
  EXPECT_EQ(ErrcOfSqlState("53100"), Errc::kUnavailable);
  EXPECT_EQ(ErrcOfSqlState("25006"), Errc::kUnavailable);
  EXPECT_EQ(ErrcOfSqlState("57P01"), Errc::kUnavailable);
  EXPECT_EQ(ErrcOfSqlState("57014"), Errc::kTimeout);
  EXPECT_EQ(ErrcOfSqlState("42P01"), Errc::kInternal);
  EXPECT_EQ(ErrcOfSqlState(""), Errc::kInternal);
}

}  // namespace
}  // namespace printfleet::store
