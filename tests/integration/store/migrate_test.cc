#include "store/migrate.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "cluster.h"
#include "worker_probe.h"

namespace printfleet::store {
namespace {

// A database that is there and empty.
std::string MakeDatabase() {
  const std::string name = Cluster::Get().NewDatabaseName();
  Looker looker("postgres");
  looker.Rows("CREATE DATABASE " + name);
  return name;
}

TEST(Migrate, AppliesEveryFileOnce) {
  const std::string conninfo = Cluster::Get().Conninfo(MakeDatabase());

  const Result<int> first = Migrate(conninfo, DefaultSchemaDir());
  const Result<int> second = Migrate(conninfo, DefaultSchemaDir());

  ASSERT_TRUE(first) << first.error().message;
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_GE(*first, 3);
  EXPECT_EQ(*second, 0);
}

TEST(Migrate, NewerDatabaseIsRefused) {
  const std::string database = MakeDatabase();
  const std::string conninfo = Cluster::Get().Conninfo(database);
  ASSERT_TRUE(Migrate(conninfo, DefaultSchemaDir()));
  Looker(database).Rows(
      "INSERT INTO fleet.schema_migrations (version, name, checksum) VALUES (99, 'x', 'y')");

  const Result<int> result = Migrate(conninfo, DefaultSchemaDir());

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::kUnsupported);
  EXPECT_NE(result.error().message.find("install"), std::string::npos);
}

TEST(Migrate, WorkerSaysThatTheSchemaIsNewer) {
  const std::string database = MakeDatabase();
  ASSERT_TRUE(Migrate(Cluster::Get().Conninfo(database), DefaultSchemaDir()));
  Looker(database).Rows(
      "INSERT INTO fleet.schema_migrations (version, name, checksum) VALUES (99, 'x', 'y')");
  WorkerProbe probe(database);

  probe.worker().Start(true);
  const std::optional<Disconnected> disconnected = probe.Wait<Disconnected>();

  ASSERT_TRUE(disconnected);
  EXPECT_EQ(disconnected->error.code, Errc::kUnsupported);
}

TEST(Migrate, ChangedFileIsRefused) {
  const std::string database = MakeDatabase();
  const std::string conninfo = Cluster::Get().Conninfo(database);
  ASSERT_TRUE(Migrate(conninfo, DefaultSchemaDir()));
  Looker(database).Rows("UPDATE fleet.schema_migrations SET checksum = 'x' WHERE version = 1");

  const Result<int> result = Migrate(conninfo, DefaultSchemaDir());

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::kUnsupported);
}

TEST(Migrate, FailingFileLeavesNothingBehind) {
  const std::string database = MakeDatabase();
  const std::string directory = ::testing::TempDir() + "failing_schema";
  std::filesystem::create_directories(directory);
  std::ofstream(directory + "/0001_create_things.sql")
      << "CREATE TABLE fleet.things (id int); SELECT 1/0;";

  const Result<int> result = Migrate(Cluster::Get().Conninfo(database), directory);

  EXPECT_FALSE(result);
  Looker looker(database);
  EXPECT_EQ(looker.Value("SELECT to_regclass('fleet.things')"), "NULL");
  EXPECT_EQ(looker.Value("SELECT count(*) FROM fleet.schema_migrations"), "0");
}

}  // namespace
}  // namespace printfleet::store
