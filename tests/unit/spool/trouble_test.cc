// Where the spool cannot be used, or the disk is full: said, and over by itself when that is.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "rig.h"
#include "spool/database.h"

namespace printfleet::spool {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kReserve = int64_t{1} << 20;

class SpoolTrouble : public testing::Test {
 protected:
  [[nodiscard]] Config config(const std::string& directory) const {
    Config config;
    config.directory = directory;
    config.reserve_bytes = kReserve;
    return config;
  }

  [[nodiscard]] Config config() const { return config(folder_.path() + "/spool"); }

  Folder folder_;
};

bool IsGood(const Contents& contents) {
  return contents.condition == Condition::kGood;
}

TEST_F(SpoolTrouble, ADirectoryThatCannotBeMadeIsTriedAgain) {
  const std::string parent = folder_.path() + "/parent";
  WriteBytes(parent, 0, "a file where a directory is needed");
  Rig rig(config(parent + "/spool"));

  const Opened opened = rig.Open();

  EXPECT_TRUE(opened.stops.empty());
  EXPECT_EQ(rig.spool().identity(), "");
  EXPECT_EQ(rig.spool().contents().condition, Condition::kUnwritable);
  EXPECT_NE(rig.spool().contents().trouble.find(parent + "/spool: Not a directory"),
            std::string::npos)
      << rig.spool().contents().trouble;
  const Status kept = rig.Keep({core::StopRecord{"s"}});
  ASSERT_FALSE(kept.ok());
  EXPECT_EQ(kept.error().code, Errc::kInternal);
  EXPECT_FALSE(rig.Read(0));
  EXPECT_FALSE(rig.Settle(1, true));

  fs::remove(parent);
  fs::create_directory(parent);
  EXPECT_TRUE(rig.WaitUntil(IsGood));
  EXPECT_EQ(rig.spool().identity().size(), 32U);
  EXPECT_TRUE(rig.Keep({core::StopRecord{"s"}}));
  EXPECT_EQ(rig.ReadAll().size(), 1U);
}

TEST_F(SpoolTrouble, WhatWasThereIsToldWhenItCanBeOpenedLater) {
  Rig rig(config());
  rig.Open();
  const std::string identity = rig.spool().identity();
  ASSERT_TRUE(rig.Keep({core::StopRecord{"s"}}));
  ASSERT_TRUE(rig.Keep(Reports(0, 2), 5));
  rig.Close();
  fs::rename(config().directory, folder_.path() + "/away");
  WriteBytes(config().directory, 0, "in the way");
  EXPECT_TRUE(rig.Open().stops.empty());

  fs::remove(config().directory);
  fs::rename(folder_.path() + "/away", config().directory);

  ASSERT_TRUE(rig.WaitUntil(IsGood));
  EXPECT_EQ(rig.spool().identity(), identity);
  ASSERT_TRUE(rig.Settle(99, true));  // every event before its answer has been taken
  const std::vector<Opened> opened = rig.TakeOpened();
  ASSERT_EQ(opened.size(), 1U);
  EXPECT_EQ(opened[0].stops, std::vector<std::string>{"s"});
  EXPECT_EQ(opened[0].doubts, std::vector<int64_t>{5});
}

TEST_F(SpoolTrouble, ADiskThatBecomesReadOnlyIsTriedAgain) {
  const SmallDisk disk(folder_.path(), int64_t{16} << 20);
  Rig rig(config(disk.path() + "/spool"));
  rig.Open();
  ASSERT_TRUE(rig.Keep(Reports(0, 10)));
  rig.Close();
  disk.SetReadOnly(true);

  rig.Open();
  EXPECT_EQ(rig.spool().contents().condition, Condition::kUnwritable);
  EXPECT_NE(rig.spool().contents().trouble.find("Read-only file system"), std::string::npos)
      << rig.spool().contents().trouble;

  disk.SetReadOnly(false);
  EXPECT_TRUE(rig.WaitUntil(IsGood));
  EXPECT_EQ(rig.ReadAll().size(), 10U);
}

TEST_F(SpoolTrouble, ASecondSpoolOnTheSameDirectoryIsRefused) {
  Rig first(config());
  first.Open();
  ASSERT_TRUE(first.Keep(Reports(0, 3)));
  Rig second(config());

  second.Open();
  EXPECT_EQ(second.spool().contents().condition, Condition::kUnwritable);
  EXPECT_NE(second.spool().contents().trouble.find("another process"), std::string::npos)
      << second.spool().contents().trouble;
  EXPECT_FALSE(second.Keep({core::StopRecord{"s"}}).ok());

  first.Close();
  EXPECT_TRUE(second.WaitUntil(IsGood));
  EXPECT_EQ(second.ReadAll().size(), 3U);
}

TEST_F(SpoolTrouble, AFileThatAnotherProgramHasOpenIsNotTouched) {
  Rig rig(config());
  rig.Open();
  ASSERT_TRUE(rig.Keep(Reports(0, 3)));
  rig.Close();
  {
    Result<std::unique_ptr<Database>> other =
        Database::Open(config().directory + "/spool.db", false);
    ASSERT_TRUE(other);
    ASSERT_TRUE((*other)->Number("SELECT count(*) FROM entries"));

    rig.Open();
    EXPECT_EQ(rig.spool().contents().condition, Condition::kUnwritable);
  }
  EXPECT_TRUE(rig.WaitUntil(IsGood));
  EXPECT_EQ(rig.ReadAll().size(), 3U);
  EXPECT_EQ(rig.spool().contents().set_aside, "");
}

TEST_F(SpoolTrouble, ANewerFormatIsRefusedAndKept) {
  Rig rig(config());
  rig.Open();
  ASSERT_TRUE(rig.Keep(Reports(0, 3)));
  rig.Close();
  const std::string path = config().directory + "/spool.db";
  const auto set_format = [&path](int format) {
    Result<std::unique_ptr<Database>> database = Database::Open(path, false);
    ASSERT_TRUE(database);
    ASSERT_TRUE((*database)->Execute("PRAGMA user_version = " + std::to_string(format)));
  };
  set_format(1000);

  rig.Open();
  EXPECT_EQ(rig.spool().contents().condition, Condition::kUnwritable);
  EXPECT_NE(rig.spool().contents().trouble.find("newer printfleet (format 1000"), std::string::npos)
      << rig.spool().contents().trouble;
  EXPECT_EQ(rig.spool().contents().set_aside, "");
  rig.Close();

  set_format(1);
  rig.Open();
  EXPECT_EQ(rig.ReadAll().size(), 3U);
}

TEST_F(SpoolTrouble, OnAFullDiskStopsAreKeptByTheReserve) {
  const SmallDisk disk(folder_.path(), int64_t{16} << 20);
  Rig rig(config(disk.path() + "/spool"));
  rig.Open();
  ASSERT_TRUE(rig.Keep(Reports(0, 100)));
  disk.Fill();

  // Whatever fits into what the file has already, fits.
  Status kept = Ok{};
  int reports = 100;
  for (; kept.ok() && reports < 100'000; reports += 100) {
    kept = rig.Keep(Reports(reports, reports + 100));
  }
  ASSERT_FALSE(kept.ok());
  EXPECT_EQ(kept.error().code, Errc::kUnavailable);
  EXPECT_EQ(rig.spool().contents().condition, Condition::kDiskFull);
  EXPECT_NE(rig.spool().contents().trouble.find("the disk is full"), std::string::npos);
  EXPECT_EQ(SizeOf(disk.path() + "/spool/ballast"), kReserve);
  EXPECT_EQ(rig.Read(0)->entries.size(), static_cast<size_t>(reports - 100));

  const std::string record(8000, 's');
  int stops = 0;
  while (stops < 1000 && rig.Keep({core::StopRecord{record}})) {
    ++stops;
    EXPECT_FALSE(rig.Keep({core::RefusedRecord{record}})) << "the room is the stops'";
    EXPECT_FALSE(rig.Keep(Reports(0, 1)));
  }
  EXPECT_GT(stops, 40);
  EXPECT_LT(stops, 1000);
  EXPECT_EQ(SizeOf(disk.path() + "/spool/ballast"), -1);
  EXPECT_EQ(rig.spool().contents().condition, Condition::kDiskFull);

  disk.Empty();
  EXPECT_TRUE(rig.WaitUntil(IsGood));
  EXPECT_EQ(SizeOf(disk.path() + "/spool/ballast"), kReserve);
  EXPECT_TRUE(rig.Keep(Reports(0, 100)));
  const Opened opened = rig.Reopen();
  EXPECT_EQ(opened.stops, std::vector<std::string>(static_cast<size_t>(stops), record));
}

TEST_F(SpoolTrouble, OnAFullDiskForgettingStillMakesRoom) {
  const SmallDisk disk(folder_.path(), int64_t{16} << 20);
  Rig rig(config(disk.path() + "/spool"));
  rig.Open();
  int reports = 0;
  while (reports < 100'000 && rig.Keep(Reports(reports, reports + 1000))) {
    reports += 1000;
  }
  ASSERT_GT(reports, 10'000);
  ASSERT_EQ(rig.spool().contents().condition, Condition::kDiskFull);
  const std::vector<Entry> entries = rig.ReadAll();
  ASSERT_EQ(entries.size(), static_cast<size_t>(reports));

  rig.Forget(entries.back().id);

  EXPECT_TRUE(rig.WaitUntil([](const Contents& now) {
    return now.condition == Condition::kGood && now.bytes < 200'000;
  }));
  EXPECT_EQ(SizeOf(disk.path() + "/spool/ballast"), kReserve);
  EXPECT_TRUE(rig.Keep(Reports(0, 1000)));
}

TEST_F(SpoolTrouble, StartingOnAFullDiskItHoldsWhatItHeld) {
  const SmallDisk disk(folder_.path(), int64_t{16} << 20);
  Rig rig(config(disk.path() + "/spool"));
  rig.Open();
  ASSERT_TRUE(rig.Keep(Reports(0, 100)));
  rig.Close();
  fs::remove(disk.path() + "/spool/ballast");
  disk.Fill();

  rig.Open();

  EXPECT_EQ(rig.spool().contents().condition, Condition::kDiskFull);
  EXPECT_EQ(rig.ReadAll().size(), 100U);
  EXPECT_FALSE(rig.Keep(Reports(100, 200)));
  disk.Empty();
  EXPECT_TRUE(rig.WaitUntil(IsGood));
}

}  // namespace
}  // namespace printfleet::spool
