// Whatever bytes stand where the spool's file is: they are set aside and it goes on.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "rig.h"
#include "spool/database.h"

namespace printfleet::spool {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kPage = 8192;

class SpoolDamage : public testing::Test {
 protected:
  SpoolDamage() : rig_(config()), path_(config().directory + "/spool.db") {}

  [[nodiscard]] Config config() const { return config(folder_.path() + "/spool"); }

  [[nodiscard]] Config config(const std::string& directory) const {
    Config config;
    config.directory = directory;
    config.reserve_bytes = 0;
    return config;
  }

  void KeepAndClose(int reports) {
    rig_.Open();
    identity_ = rig_.spool().identity();
    for (int i = 0; i < reports; i += 100) {
      ASSERT_TRUE(rig_.Keep(Reports(i, std::min(i + 100, reports))));
    }
    rig_.Close();
  }

  // Set aside, and of use.
  void ExpectRenewed() {
    const Contents& contents = rig_.spool().contents();
    EXPECT_EQ(contents.condition, Condition::kGood) << contents.trouble;
    EXPECT_TRUE(contents.set_aside.starts_with(path_ + ".damaged-")) << contents.set_aside;
    EXPECT_NE(rig_.spool().identity(), identity_);
    EXPECT_TRUE(rig_.Keep({core::StopRecord{"s"}}));
  }

  Folder folder_;
  Rig rig_;
  std::string path_;
  std::string identity_;
};

std::string Garbage(size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  std::generate(bytes.begin(), bytes.end(), [&random] { return static_cast<char>(random()); });
  return bytes;
}

TEST_F(SpoolDamage, GarbageIsSetAside) {
  fs::create_directory(config().directory);
  const std::string garbage = Garbage(20'000, 1);
  WriteBytes(path_, 0, garbage);

  rig_.Open();

  ExpectRenewed();
  EXPECT_EQ(SizeOf(rig_.spool().contents().set_aside), 20'000);
  EXPECT_EQ(rig_.ReadAll().size(), 1U);
}

TEST_F(SpoolDamage, OfDamagedPagesTheRestIsSaved) {
  KeepAndClose(10'000);
  const int64_t pages = SizeOf(path_) / kPage;
  ASSERT_GT(pages, 500);
  for (const int64_t page : {pages / 3, pages / 2, pages / 2 + 1}) {
    WriteBytes(path_, page * kPage, Garbage(kPage, 2));
  }

  rig_.Open();
  const Result<Entries> until_there = rig_.Read(0);
  EXPECT_FALSE(until_there);
  const std::vector<int> numbers = NumbersOf(rig_.ReadAll());

  ExpectRenewed();
  EXPECT_GT(numbers.size(), 9'900U);
  EXPECT_LT(numbers.size(), 10'000U);
  EXPECT_EQ(std::count(numbers.begin(), numbers.end(), -1), 0);
  EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
  EXPECT_EQ(std::adjacent_find(numbers.begin(), numbers.end()), numbers.end());
  EXPECT_EQ(rig_.TakeOpened().size(), 1U);
}

TEST_F(SpoolDamage, WhatWasForgottenIsNotSavedAgain) {
  KeepAndClose(10'000);
  WriteBytes(path_, SizeOf(path_) / 2 / kPage * kPage, Garbage(kPage, 3));
  rig_.Open();
  const Result<Entries> first = rig_.Read(0, 2000);
  ASSERT_TRUE(first);
  rig_.Forget(first->entries.back().id);

  EXPECT_FALSE(rig_.Read(0));
  const std::vector<int> numbers = NumbersOf(rig_.ReadAll());

  ASSERT_FALSE(numbers.empty());
  EXPECT_EQ(numbers.front(), 2000);
  EXPECT_EQ(rig_.spool().contents().reports, static_cast<int64_t>(numbers.size()));
}

TEST_F(SpoolDamage, NumbersOfTheOldFileDoNothingInTheNewOne) {
  KeepAndClose(10'000);
  WriteBytes(path_, SizeOf(path_) / 2 / kPage * kPage, Garbage(kPage, 4));
  rig_.Open();
  Spool& spool = rig_.spool();
  ASSERT_TRUE(spool.Read(0, 100'000, size_t{1} << 30));  // meets the damage
  ASSERT_TRUE(spool.Forget(9'000));                      // asked before that is known
  ASSERT_TRUE(rig_.Settle(99, true));  // every answer before its own has been taken
  ASSERT_NE(rig_.spool().contents().set_aside, "");

  const std::vector<int> numbers = NumbersOf(rig_.ReadAll());
  ASSERT_FALSE(numbers.empty());
  EXPECT_EQ(numbers.front(), 0);
}

TEST_F(SpoolDamage, AnAppendThatMeetsTheDamageIsKeptInTheNewFile) {
  KeepAndClose(1000);
  rig_.Open();
  ASSERT_TRUE(rig_.Keep(Reports(1000, 1001)));
  // Behind SQLite's back, while it is open; the cache is dropped by what is read meanwhile.
  for (int64_t page = 1; page < SizeOf(path_) / kPage; ++page) {
    WriteBytes(path_, page * kPage, Garbage(kPage, 5));
  }
  Status kept = Ok{};
  for (int i = 2000; i < 40'000 && rig_.spool().contents().set_aside.empty(); i += 1000) {
    kept = rig_.Keep(Reports(i, i + 1000));
    ASSERT_TRUE(kept.ok()) << kept.error().message;
    static_cast<void>(rig_.Read(0));
  }

  EXPECT_FALSE(rig_.spool().contents().set_aside.empty());
  EXPECT_TRUE(rig_.Keep(Reports(50'000, 50'001)));
  EXPECT_EQ(NumbersOf(rig_.ReadAll()).back(), 50'000);
}

TEST_F(SpoolDamage, AnEntryWhoseBytesChangedIsLeftOut) {
  KeepAndClose(100);
  {
    Result<std::unique_ptr<Database>> database = Database::Open(path_, false);
    ASSERT_TRUE(database);
    ASSERT_TRUE(
        (*database)->Execute("UPDATE entries SET payload = x'00' WHERE id = 50;"
                             "UPDATE entries SET received_at = 1 << 62 WHERE id = 60;"
                             "UPDATE entries SET kind = 9 WHERE id = 70"));
  }

  rig_.Open();
  const std::vector<int> numbers = NumbersOf(rig_.ReadAll(30));

  EXPECT_EQ(numbers.size(), 97U);
  EXPECT_EQ(std::count(numbers.begin(), numbers.end(), -1), 0);
  EXPECT_EQ(rig_.spool().contents().set_aside, "");
  EXPECT_EQ(rig_.spool().identity(), identity_);
}

TEST_F(SpoolDamage, ATruncatedFileIsSetAside) {
  KeepAndClose(5000);
  fs::resize_file(path_, static_cast<uintmax_t>(SizeOf(path_) / 2 / kPage * kPage + 100));

  rig_.Open();
  if (rig_.spool().contents().set_aside.empty()) {
    EXPECT_FALSE(rig_.Read(0));
  }
  const std::vector<int> numbers = NumbersOf(rig_.ReadAll());

  ExpectRenewed();
  EXPECT_EQ(std::count(numbers.begin(), numbers.end(), -1), 0);
}

TEST_F(SpoolDamage, ALogWithoutItsFileIsSetAside) {
  rig_.Open();
  ASSERT_TRUE(rig_.Keep(Reports(0, 10)));
  const std::string copy = folder_.path() + "/copy";
  CopyFiles(config().directory, copy);  // as a power cut would leave it
  rig_.Close();
  fs::remove(copy + "/spool.db");
  const int64_t log_bytes = SizeOf(copy + "/spool.db-wal");
  ASSERT_GT(log_bytes, 0);

  Rig rig(config(copy));
  rig.Open();

  EXPECT_TRUE(rig.ReadAll().empty());
  EXPECT_EQ(SizeOf(rig.spool().contents().set_aside + "-wal"), log_bytes);
}

TEST_F(SpoolDamage, OfATornLogWholeAppendsAreLeft) {
  rig_.Open();
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(rig_.Keep(Reports(i * 10, (i + 1) * 10)));
  }
  const std::string image = folder_.path() + "/image";
  CopyFiles(config().directory, image);
  rig_.Close();
  const int64_t log_bytes = SizeOf(image + "/spool.db-wal");
  ASSERT_GT(log_bytes, 10 * kPage);

  size_t most = 0;
  for (int part = 0; part <= 10; ++part) {
    const std::string copy = folder_.path() + "/copy" + std::to_string(part);
    CopyFiles(image, copy);
    fs::resize_file(copy + "/spool.db-wal", static_cast<uintmax_t>(log_bytes * part / 10));
    Rig rig(config(copy));
    rig.Open();
    const std::vector<int> numbers = NumbersOf(rig.ReadAll());
    EXPECT_EQ(numbers.size() % 10, 0U);
    for (size_t i = 0; i < numbers.size(); ++i) {
      ASSERT_EQ(numbers[i], static_cast<int>(i));
    }
    EXPECT_GE(numbers.size(), most);
    most = std::max(most, numbers.size());
    EXPECT_TRUE(rig.Keep({core::StopRecord{"s"}}));
  }
  EXPECT_EQ(most, 200U);
}

TEST_F(SpoolDamage, AnotherProgramsDatabaseIsSetAside) {
  fs::create_directory(config().directory);
  {
    Result<std::unique_ptr<Database>> database = Database::Open(path_, true);
    ASSERT_TRUE(database);
    ASSERT_TRUE((*database)->Execute("CREATE TABLE entries(x); INSERT INTO entries VALUES (1)"));
  }

  rig_.Open();

  ExpectRenewed();
}

TEST_F(SpoolDamage, OtherTablesInOursAreNotTrusted) {
  KeepAndClose(10);
  {
    Result<std::unique_ptr<Database>> database = Database::Open(path_, false);
    ASSERT_TRUE(database);
    ASSERT_TRUE((*database)->Execute(
        "CREATE TRIGGER t AFTER INSERT ON entries BEGIN DELETE FROM entries; END"));
  }

  rig_.Open();

  ExpectRenewed();
  EXPECT_EQ(rig_.ReadAll().size(), 11U);
}

TEST_F(SpoolDamage, OfTheFilesSetAsideTheNewestAreKept) {
  fs::create_directory(config().directory);
  for (unsigned i = 0; i < 12; ++i) {
    rig_.Close();
    WriteBytes(path_, 0, Garbage(20'000, i));
    rig_.Open();
    EXPECT_NE(rig_.spool().contents().set_aside, "");
  }

  const std::vector<std::string> names = FilesIn(config().directory);
  EXPECT_EQ(std::count_if(names.begin(), names.end(),
                          [](const std::string& name) {
                            return name.find(".damaged-") != std::string::npos;
                          }),
            8);
  EXPECT_GT(SizeOf(rig_.spool().contents().set_aside), 0);
}

// Any change to a good file: it opens, and what is read is what was kept.
TEST_F(SpoolDamage, HostileBytesNeverCrashOrLie) {
  rig_.Open();
  ASSERT_TRUE(rig_.Keep(Reports(0, 60)));
  ASSERT_TRUE(rig_.Keep({core::StopRecord{"s"}}));
  ASSERT_TRUE(rig_.Keep(Reports(60, 80, 20'000), 3));
  rig_.Close();
  const std::string image = folder_.path() + "/image";
  CopyFiles(config().directory, image);
  const int64_t size = SizeOf(image + "/spool.db");
  std::mt19937 random(20260101);
  const auto below = [&random](int64_t limit) {
    return std::uniform_int_distribution<int64_t>(0, limit - 1)(random);
  };
  for (int round = 0; round < 60; ++round) {
    CopyFiles(image, config().directory);
    const int64_t changes = 1 + below(20);
    for (int64_t i = 0; i < changes; ++i) {
      // Half of them where the structure is.
      const int64_t at = below(2) == 0 ? below(200) : below(size - 8);
      WriteBytes(path_, at,
                 Garbage(static_cast<size_t>(1 + below(8)), static_cast<unsigned>(random())));
    }
    rig_.Open();
    const Condition condition = rig_.spool().contents().condition;
    if (condition == Condition::kUnwritable) {  // it says that it is newer
      EXPECT_NE(rig_.spool().contents().trouble.find("newer"), std::string::npos)
          << rig_.spool().contents().trouble;
    } else {
      static_cast<void>(rig_.Read(0));
      static_cast<void>(rig_.Settle(3, false));
      for (const Entry& entry : rig_.ReadAll()) {
        if (std::holds_alternative<core::Message>(entry.item)) {
          ASSERT_NE(NumbersOf({entry})[0], -1) << "round " << round;
        }
      }
      EXPECT_TRUE(rig_.Keep({core::StopRecord{"s"}})) << "round " << round;
    }
    rig_.Close();
    fs::remove_all(config().directory);
  }
}

}  // namespace
}  // namespace printfleet::spool
