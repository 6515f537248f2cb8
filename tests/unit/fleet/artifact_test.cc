// The library as core knows it: what comes in, what is named, what a start of it needs.
#include "fleet/artifact.h"

#include <gtest/gtest.h>

#include "farm.h"

namespace printfleet::fleet {
namespace {

const std::string kDigest(64, 'a');
const std::string kOtherDigest(64, 'b');
const std::string kMd5(32, 'c');

class ArtifactTest : public testing::Test {
 protected:
  ArtifactTest() {
    farm_.world.files = {"http://192.0.2.10:8080", "secret"};
    for (const char* name : {"a", "b", "c"}) {
      farm_.Add(name);
      farm_.At(name).registration.bed = printer::Bed::kClear;
    }
    farm_.Add("max", "20023");
    farm_.At("max").registration.bed = printer::Bed::kClear;
  }

  Artifact Store(const std::string& name, const std::string& sha256 = kDigest,
                 const std::string& model = "K2Pro 0.4 nozzle") {
    Artifact artifact;
    artifact.name = name;
    artifact.sha256 = sha256;
    artifact.md5 = kMd5;
    artifact.size_bytes = 1234;
    artifact.model = model;
    artifact.layers = 77;
    artifact.added_by = "anna";
    Output output;
    auto taken = HandleFileStored(farm_.world, farm_.rules(), artifact, farm_.now, output);
    stored_ = output.artifacts;
    farm_.Absorb(std::move(output));
    return std::get<Artifact>(taken);
  }

  void Start(const std::string& target, const std::string& artifact,
             const std::string& options = "{}", const std::string& more = "") {
    farm_.Send(Farm::Make(++number_, "print.start", target,
                          R"({"artifact":")" + artifact + "\"" + more + "}", options));
    farm_.Pass(std::chrono::seconds(1));
  }

  [[nodiscard]] std::vector<std::pair<std::string, protocol::StartFromUrl>> Starts() const {
    std::vector<std::pair<std::string, protocol::StartFromUrl>> starts;
    for (const Outgoing& outgoing : farm_.all.outgoing) {
      if (const auto* start = std::get_if<protocol::StartFromUrl>(&outgoing.request)) {
        starts.emplace_back(outgoing.printer_id, *start);
      }
    }
    return starts;
  }

  Farm farm_;
  std::vector<Artifact> stored_;
  int number_ = 0;
};

TEST_F(ArtifactTest, AStartNamesItsFileByItsOwnAddress) {
  const Artifact artifact = Store("my clip.gcode");
  EXPECT_EQ(artifact.model_id, "20021");
  Start(R"({"printers":["a","b"]})", "my clip.gcode");
  const auto starts = Starts();
  ASSERT_EQ(starts.size(), 2U);
  EXPECT_NE(starts[0].second.url, starts[1].second.url);
  for (const auto& [printer, start] : starts) {
    const std::string token = FileToken(farm_.world.files, {CommandId{1}, printer}, 1);
    EXPECT_EQ(start.url, "http://192.0.2.10:8080/files/" + token + "/my%20clip.gcode");
    EXPECT_EQ(start.md5, kMd5);
    EXPECT_EQ(start.size_bytes, 1234);
    EXPECT_EQ(start.filename, "my clip.gcode");
  }
  // What is kept names the file itself: tomorrow another may have its name.
  const Command* command = farm_.world.commands.Find(CommandId{1});
  ASSERT_NE(command, nullptr);
  EXPECT_EQ(At(command->request.args_json, "artifact"), "\"" + kDigest + "\"");
  EXPECT_EQ(farm_.world.printers.Find("a-id")->job->artifact_id, artifact.id);
}

TEST_F(ArtifactTest, IsFoundByDigestToo) {
  Store("a.gcode");
  Start(R"({"printers":["a"]})", kDigest);
  EXPECT_EQ(Starts().size(), 1U);
  Start(R"({"printers":["b"]})", "b.gcode");
  EXPECT_EQ(At(farm_.Last("rejected"), "reason"), "\"not_found\"");
}

TEST_F(ArtifactTest, WithoutAnAddressOfOursNothingIsStarted) {
  Store("a.gcode");
  farm_.world.files.base_url.clear();
  Start(R"({"printers":["a"]})", "a.gcode");
  EXPECT_EQ(At(farm_.Last("rejected"), "reason"), "\"unsupported\"");
  EXPECT_TRUE(Starts().empty());
}

TEST_F(ArtifactTest, AFileForAnotherModelIsSkipped) {
  Store("a.gcode");
  Start(R"({"all":true})", "a.gcode");
  EXPECT_EQ(Starts().size(), 3U);
  EXPECT_EQ(farm_.Find("max")->skip_reason, SkipReason::kWrongModel);
  Start(R"({"printers":["max"]})", "a.gcode", "{}", R"(,"other_model_ok":true)");
  EXPECT_EQ(Starts().size(), 4U);
}

TEST_F(ArtifactTest, AModelThatNobodyKnowsFitsNowhere) {
  Store("a.gcode", kDigest, "Some Other Printer");
  Start(R"({"printers":["a"]})", "a.gcode");
  EXPECT_EQ(farm_.Find("a")->skip_reason, SkipReason::kWrongModel);
  Store("b.gcode", kOtherDigest, "");  // the file does not say
  Start(R"({"printers":["a"]})", "b.gcode");
  EXPECT_EQ(Starts().size(), 1U);
}

TEST_F(ArtifactTest, NamesOfModelsEndWhereTheyEnd) {
  settings::Model pro;
  pro.id = "20021";
  pro.name = "K2Pro";
  pro.title = "Anycubic Kobra 2 Pro";
  pro.slicer_names = {"Kobra 2 Pro"};
  settings::Model plain;
  plain.id = "1";
  plain.name = "K2";
  plain.title = "Anycubic Kobra 2";
  settings::ModelRegistry models;
  models.Add(pro);
  models.Add(plain);
  EXPECT_EQ(ModelIdOf(models, "Anycubic Kobra 2 Pro"), "20021");
  EXPECT_EQ(ModelIdOf(models, "anycubic kobra 2 pro 0.4 nozzle"), "20021");
  EXPECT_EQ(ModelIdOf(models, "Kobra 2 Pro"), "20021");
  EXPECT_EQ(ModelIdOf(models, "Anycubic Kobra 2"), "1");
  EXPECT_EQ(ModelIdOf(models, "Anycubic Kobra 2Z"), "");
  EXPECT_EQ(ModelIdOf(models, ""), "");
}

TEST_F(ArtifactTest, FirstTakesTheFirstThatNothingHoldsBack) {
  Store("a.gcode");
  farm_.At("a").registration.bed = printer::Bed::kOccupied;
  Start(R"({"printers":["a","b","c"]})", "a.gcode", R"({"first":1})");
  const auto starts = Starts();
  ASSERT_EQ(starts.size(), 1U);
  EXPECT_EQ(starts[0].first, "b-id");
  EXPECT_EQ(farm_.Find("a")->skip_reason, SkipReason::kBedNotClear);
  EXPECT_EQ(farm_.Find("c")->skip_reason, SkipReason::kLimit);
}

TEST_F(ArtifactTest, TheSameFileAgainIsTheOneThatIsThere) {
  const Artifact first = Store("a.gcode");
  EXPECT_EQ(Store("a.gcode").id, first.id);
  EXPECT_TRUE(stored_.empty());
  EXPECT_NE(Store("b.gcode").id, first.id);
}

TEST_F(ArtifactTest, AnotherFileOfThatNameTakesItsPlace) {
  const Artifact first = Store("a.gcode");
  const Artifact second = Store("a.gcode", kOtherDigest);
  ASSERT_EQ(stored_.size(), 2U);
  EXPECT_EQ(stored_[0].id, first.id);
  EXPECT_TRUE(stored_[0].removed_at);
  EXPECT_EQ(FindArtifact(farm_.world, "a.gcode")->id, second.id);
  EXPECT_EQ(FindArtifact(farm_.world, kDigest), nullptr);
}

TEST_F(ArtifactTest, WhatIsBeingStartedIsNotRemoved) {
  Store("a.gcode");
  farm_.confirm = false;
  farm_.accept = false;
  Start(R"({"printers":["a"]})", "a.gcode");
  const auto remove = [this] {
    farm_.Send(Farm::Make(++number_, "file.library.remove", "{}", R"({"artifact":"a.gcode"})"));
  };
  remove();
  EXPECT_EQ(At(farm_.Last("rejected"), "reason"), "\"conflict\"");
  ASSERT_EQ(OpenOffers(farm_.world).size(), 1U);
  EXPECT_EQ(OpenOffers(farm_.world)[0].token,
            FileToken(farm_.world.files, {CommandId{1}, "a-id"}, 1));
  farm_.Pass(std::chrono::minutes(31));
  // It never began, so it must not begin later: its file is withdrawn.
  ASSERT_EQ(farm_.all.withdrawn.size(), 1U);
  EXPECT_EQ(farm_.all.withdrawn[0].printer_id, "a-id");
  EXPECT_TRUE(OpenOffers(farm_.world).empty());
  remove();
  EXPECT_EQ(FindArtifact(farm_.world, "a.gcode"), nullptr);
}

TEST_F(ArtifactTest, ListsInPages) {
  for (int i = 1; i <= 5; ++i) {
    Store("clip-" + std::to_string(i) + ".gcode", std::string(64, static_cast<char>('0' + i)));
  }
  farm_.Send(Farm::Make(1, "file.library.list", "{}", R"({"limit":2})"));
  EXPECT_EQ(At(farm_.Last("done"), "result.files.0.name"), "\"clip-5.gcode\"");
  EXPECT_EQ(At(farm_.Last("done"), "result.after"), "4");
  farm_.Send(Farm::Make(2, "file.library.list", "{}", R"({"limit":3,"after":4})"));
  EXPECT_EQ(At(farm_.Last("done"), "result.files.2.name"), "\"clip-1.gcode\"");
  EXPECT_EQ(At(farm_.Last("done"), "result.after"), "null");
  farm_.Send(Farm::Make(3, "file.library.list", "{}", R"({"name":"P-3"})"));
  EXPECT_EQ(At(farm_.Last("done"), "result.files.0.layers"), "77");
  farm_.Send(Farm::Make(4, "file.library.get", "{}", R"({"artifact":"clip-2.gcode"})"));
  EXPECT_EQ(At(farm_.Last("done"), "result.file.artifact_id"), "2");
}

}  // namespace
}  // namespace printfleet::fleet
