#include "library/library.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/unit/library/samples.h"

namespace printfleet::library {
namespace {

using namespace std::string_literals;
namespace fs = std::filesystem;

constexpr char kGcode[] = "; a\nG28\nG1 X1\n";
// By md5sum and sha256sum.
constexpr char kMd5[] = "4db6a3a8385be1f06bffb3c86a466fa1";

class LibraryTest : public testing::Test {
 protected:
  LibraryTest() {
    std::string name = testing::TempDir() + "library-XXXXXX";
    folder_ = mkdtemp(name.data());
    limits_.free_bytes_min = 0;
    Open();
  }

  ~LibraryTest() override { fs::remove_all(folder_); }

  void Open() {
    library_.reset();
    auto opened = Library::Open(folder_, limits_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    library_ = std::move(*opened);
  }

  Result<Stored> Put(const std::string& name, const std::string& bytes,
                     std::optional<int64_t> announced = std::nullopt) {
    auto upload = library_->Begin(name, announced);
    if (!upload.ok()) {
      return upload.error();
    }
    constexpr size_t kPiece = 1000;
    for (size_t at = 0; at < bytes.size(); at += kPiece) {
      if (auto written = upload->Write(std::string_view(bytes).substr(at, kPiece)); !written.ok()) {
        return written.error();
      }
    }
    return upload->Finish();
  }

  // Refused with this code, and nothing is left of it.
  void ExpectRefused(const Result<Stored>& result, Errc code, const std::string& part) {
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, code) << result.error().message;
    EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
    EXPECT_TRUE(fs::is_empty(folder_ + "/library/incoming"));
    EXPECT_EQ(library_->List().size(), 0U);
    EXPECT_EQ(library_->BytesUsed(), 0);
  }

  std::string folder_;
  settings::Library limits_;
  std::unique_ptr<Library> library_;
};

std::string ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST_F(LibraryTest, KeepsAFileUnderItsContent) {
  const auto stored = Put("part.gcode", OrcaSlicer(), static_cast<int64_t>(OrcaSlicer().size()));
  ASSERT_TRUE(stored.ok()) << stored.error().message;
  EXPECT_FALSE(stored->known);
  EXPECT_EQ(stored->name, "part.gcode");
  EXPECT_EQ(stored->size_bytes, static_cast<int64_t>(OrcaSlicer().size()));
  EXPECT_EQ(stored->facts.layers, 120);
  const std::string path = library_->PathOf(stored->sha256);
  EXPECT_EQ(path, folder_ + "/library/" + stored->sha256.substr(0, 2) + "/" + stored->sha256);
  EXPECT_EQ(ReadAll(path), OrcaSlicer());
  EXPECT_EQ(library_->List(), std::vector{stored->sha256});
  EXPECT_EQ(library_->BytesUsed(), stored->size_bytes);
  EXPECT_TRUE(fs::is_empty(folder_ + "/library/incoming"));
  const auto picture = library_->ThumbnailOf(stored->sha256);
  ASSERT_TRUE(picture);
  EXPECT_EQ(picture->content_type, "image/jpeg");
  EXPECT_EQ(ReadAll(picture->path), stored->facts.thumbnail);
}

TEST_F(LibraryTest, DigestsAreThoseOfTheTools) {
  const auto stored = Put("a.gcode", kGcode);
  ASSERT_TRUE(stored.ok());
  EXPECT_EQ(stored->md5, kMd5);
  EXPECT_EQ(stored->sha256.size(), 64U);
}

TEST_F(LibraryTest, IsForUsAlone) {
  const auto stored = Put("a.gcode", kGcode);
  const std::string path = library_->PathOf(stored->sha256);

  struct stat status {};

  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  for (const std::string& of : {folder_ + "/library"s, fs::path(path).parent_path().string()}) {
    ASSERT_EQ(stat(of.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0700U) << of;
  }
}

TEST_F(LibraryTest, TheSameContentIsKnown) {
  const auto first = Put("a.gcode", kGcode);
  const auto second = Put("b.gcode", kGcode);
  ASSERT_TRUE(second.ok());
  EXPECT_TRUE(second->known);
  EXPECT_EQ(second->sha256, first->sha256);
  EXPECT_EQ(second->name, "b.gcode");
  EXPECT_EQ(library_->List().size(), 1U);
  EXPECT_EQ(library_->BytesUsed(), first->size_bytes);
  EXPECT_TRUE(fs::is_empty(folder_ + "/library/incoming"));
}

TEST_F(LibraryTest, WhatNobodyKeepsGoes) {
  const auto stored = Put("a.gcode", kGcode);
  library_->Settle(*stored, false);
  EXPECT_TRUE(library_->List().empty());
  EXPECT_FALSE(fs::exists(library_->PathOf(stored->sha256)));
  // Two bring it at the same time; one of them is refused.
  const auto first = Put("a.gcode", kGcode);
  const auto second = Put("b.gcode", kGcode);
  library_->Settle(*first, false);
  EXPECT_EQ(library_->List().size(), 1U);
  library_->Settle(*second, true);
  EXPECT_EQ(library_->List().size(), 1U);
  // What was known before stays.
  const auto third = Put("c.gcode", kGcode);
  library_->Settle(*third, false);
  EXPECT_EQ(library_->List().size(), 1U);
}

TEST_F(LibraryTest, RemoveTakesThePictureToo) {
  const auto stored = Put("a.gcode", OrcaSlicer());
  EXPECT_FALSE(library_->Remove(stored->sha256));  // somebody is about to need it
  library_->Settle(*stored, true);
  EXPECT_TRUE(library_->Remove(stored->sha256));
  EXPECT_FALSE(library_->Remove(stored->sha256));
  EXPECT_FALSE(library_->Remove("../../etc/passwd"));
  EXPECT_FALSE(library_->ThumbnailOf(stored->sha256));
  EXPECT_TRUE(fs::is_empty(fs::path(library_->PathOf(stored->sha256)).parent_path()));
  EXPECT_EQ(library_->BytesUsed(), 0);
}

TEST_F(LibraryTest, KnowsItsFilesAfterARestart) {
  const auto stored = Put("a.gcode", OrcaSlicer());
  std::ofstream(folder_ + "/library/incoming/17") << "half of a file";
  std::ofstream(folder_ + "/library/strange") << "not ours";
  Open();
  EXPECT_EQ(library_->List(), std::vector{stored->sha256});
  EXPECT_EQ(library_->BytesUsed(), stored->size_bytes);
  EXPECT_TRUE(fs::is_empty(folder_ + "/library/incoming"));
  EXPECT_TRUE(Put("b.gcode", OrcaSlicer())->known);
}

TEST_F(LibraryTest, AnUploadThatIsDroppedLeavesNothing) {
  {
    auto upload = library_->Begin("a.gcode", 100);
    ASSERT_TRUE(upload.ok());
    ASSERT_TRUE(upload->Write(kGcode).ok());
    EXPECT_FALSE(fs::is_empty(folder_ + "/library/incoming"));
  }
  EXPECT_TRUE(fs::is_empty(folder_ + "/library/incoming"));
  EXPECT_EQ(library_->BytesUsed(), 0);
}

TEST_F(LibraryTest, RefusesWhatIsNotGcode) {
  ExpectRefused(Put("a.gcode", "PK\x03\x04 zip bytes"s), Errc::kMalformed, "zip archive");
  ExpectRefused(Put("a.gcode", "hello\n"), Errc::kMalformed, "no G-code command");
  ExpectRefused(Put("a.stl", kGcode), Errc::kMalformed, "takes .gcode");
  ExpectRefused(Put("a", kGcode), Errc::kMalformed, "takes .gcode");
}

TEST_F(LibraryTest, RefusesWhatIsTooLarge) {
  limits_.file_bytes_max = 5000;
  Open();
  ExpectRefused(Put("a.gcode", kGcode, 5001), Errc::kRejected, "library.file_bytes_max");
  ExpectRefused(Put("a.gcode", "G28\n" + std::string(5000, ';')), Errc::kRejected,
                "library.file_bytes_max");
}

TEST_F(LibraryTest, RefusesWhatIsNotAsAnnounced) {
  ExpectRefused(Put("a.gcode", kGcode, 5), Errc::kRejected, "longer than was announced");
  ExpectRefused(Put("a.gcode", kGcode, 500), Errc::kInvalid, "ended after 14 of 500 bytes");
}

TEST_F(LibraryTest, RefusesWhatIsAboveTheQuota) {
  limits_.bytes_max = 10'000;
  Open();
  ExpectRefused(Put("a.gcode", kGcode, 10'001), Errc::kUnavailable, "library.bytes_max");
  ExpectRefused(Put("a.gcode", "G28\n" + std::string(10'000, ';')), Errc::kUnavailable,
                "library.bytes_max");
  // Room is promised to one upload only.
  auto first = library_->Begin("a.gcode", 6000);
  ASSERT_TRUE(first.ok());
  const auto second = library_->Begin("b.gcode", 6000);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Errc::kUnavailable);
  { const Upload dropped = std::move(*first); }
  EXPECT_TRUE(library_->Begin("b.gcode", 6000).ok());
}

TEST_F(LibraryTest, LeavesTheDiskItsReserve) {
  limits_.free_bytes_min = int64_t{1} << 50;
  Open();
  ExpectRefused(Put("a.gcode", kGcode, 14), Errc::kUnavailable, "library.free_bytes_min");
  ExpectRefused(Put("a.gcode", kGcode), Errc::kUnavailable, "library.free_bytes_min");
}

TEST_F(LibraryTest, TakesManyAtATime) {
  constexpr int kThreads = 8;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([this, i] {
      for (int file = 0; file < 5; ++file) {
        const auto stored = Put("a.gcode", kGcode + std::string("; ") + std::to_string(file));
        EXPECT_TRUE(stored.ok());
        library_->Settle(*stored, i % 2 == 0);
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(library_->BytesUsed(), static_cast<int64_t>(library_->List().size()) * 17);
  EXPECT_LE(library_->List().size(), 5U);
  EXPECT_TRUE(fs::is_empty(folder_ + "/library/incoming"));
}

TEST(SafeName, IsTheLastPartOfAPath) {
  EXPECT_EQ(SafeName("a.gcode"), "a.gcode");
  EXPECT_EQ(SafeName("../../etc/a.gcode"), "a.gcode");
  EXPECT_EQ(SafeName("C:\\prints\\a b.gcode"), "a b.gcode");
  EXPECT_EQ(SafeName("Würfel 20 mm.gcode"), "Würfel 20 mm.gcode");
}

TEST(SafeName, HasNothingThatHurts) {
  EXPECT_EQ(SafeName("a\n\x01:b?.gcode"), "a___b_.gcode");
  EXPECT_EQ(SafeName("\xff.gcode"), "\xef\xbf\xbd.gcode");
  EXPECT_EQ(SafeName("..."), "unnamed.gcode");
  EXPECT_EQ(SafeName(""), "unnamed.gcode");
  EXPECT_EQ(SafeName("a/"), "unnamed.gcode");
  EXPECT_EQ(SafeName(".gcode"), "unnamed.gcode");
  EXPECT_EQ(SafeName(" .hidden.gcode. "), "hidden.gcode");
}

TEST(SafeName, KeepsItsExtensionWhenCut) {
  const std::string name = SafeName(std::string(300, 'x') + "ü.gcode");
  EXPECT_EQ(name.size(), kNameBytesMax);
  EXPECT_TRUE(name.ends_with("x.gcode"));
  for (size_t length = 190; length < 210; ++length) {
    std::string umlauts;
    while (umlauts.size() < length) {
      umlauts += "ü";
    }
    EXPECT_LE(SafeName(umlauts + ".gcode").size(), kNameBytesMax);
    EXPECT_TRUE(IsCleanUtf8(SafeName(umlauts + ".gcode")));
  }
}

TEST(IsGcodeName, ByExtension) {
  for (const char* name : {"a.gcode", "a.GCODE", "a.b.gco", "a.g"}) {
    EXPECT_TRUE(IsGcodeName(name)) << name;
  }
  for (const char* name : {"a", "gcode", "a.gcode.exe", "a.bgcode", "a.stl", ""}) {
    EXPECT_FALSE(IsGcodeName(name)) << name;
  }
}

}  // namespace
}  // namespace printfleet::library
