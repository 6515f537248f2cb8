#include "store/migrate.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace printfleet::store {
namespace {

class MigrationFiles : public ::testing::Test {
 protected:
  MigrationFiles() { std::filesystem::create_directories(directory_); }

  ~MigrationFiles() override { std::filesystem::remove_all(directory_); }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(directory_ + "/" + name) << text;
  }

  std::string directory_ = ::testing::TempDir() + "migrations_" +
                           ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(MigrationFiles, AreReadInOrder) {
  Write("0002_add_things.sql", "b");
  Write("0001_create_fleet.sql", "a");
  Write("README.md", "");

  const Result<std::vector<Migration>> migrations = ReadMigrations(directory_);

  ASSERT_TRUE(migrations);
  ASSERT_EQ(migrations->size(), 2U);
  EXPECT_EQ(migrations->at(0).name, "create_fleet");
  EXPECT_EQ(migrations->at(1).version, 2);
  EXPECT_EQ(migrations->at(1).sql, "b");
}

TEST_F(MigrationFiles, GapIsAnError) {
  Write("0001_create_fleet.sql", "a");
  Write("0003_add_things.sql", "b");

  EXPECT_FALSE(ReadMigrations(directory_));
}

TEST_F(MigrationFiles, SameNumberTwiceIsAnError) {
  Write("0001_create_fleet.sql", "a");
  Write("0001_add_things.sql", "b");

  EXPECT_FALSE(ReadMigrations(directory_));
}

TEST_F(MigrationFiles, OddNameIsAnError) {
  Write("1_create.sql", "a");

  EXPECT_FALSE(ReadMigrations(directory_));
}

TEST_F(MigrationFiles, MissingDirectoryIsNotFound) {
  EXPECT_EQ(ReadMigrations(directory_ + "/none").error().code, Errc::kNotFound);
}

TEST(FirstPending, GoesOnBehindWhatIsApplied) {
  const std::vector<Migration> known = {{1, "a", "", "x"}, {2, "b", "", "y"}};

  EXPECT_EQ(*FirstPending(known, {}), 0U);
  EXPECT_EQ(*FirstPending(known, {{1, "a", "x"}}), 1U);
  EXPECT_EQ(*FirstPending(known, {{1, "a", "x"}, {2, "b", "y"}}), 2U);
}

TEST(FirstPending, RefusesNewerAndDifferentDatabases) {
  const std::vector<Migration> known = {{1, "a", "", "x"}};

  EXPECT_EQ(FirstPending(known, {{1, "a", "x"}, {2, "b", "y"}}).error().code, Errc::kUnsupported);
  EXPECT_EQ(FirstPending(known, {{1, "a", "other"}}).error().code, Errc::kUnsupported);
}

TEST(SchemaDir, OfTheSourceTreeReads) {
  EXPECT_TRUE(ReadMigrations(DefaultSchemaDir()));
}

}  // namespace
}  // namespace printfleet::store
