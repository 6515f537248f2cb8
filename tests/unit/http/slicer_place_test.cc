// Where a slicer's request goes, and what it is told.
#include "http/slicer_place.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace printfleet::http {
namespace {

Place At(const char* path) {
  const auto place = PlaceOf(path);
  EXPECT_TRUE(place) << path;
  return place.value_or(Place{});
}

TEST(SlicerPlace, IsAPrinterAGroupAModelOrTheFarm) {
  struct Case {
    const char* path;
    const char* target;
    const char* rest;
    bool one;
  };

  constexpr Case kCases[] = {
      {"/p/a-03/api/version", R"({"printers":["a-03"]})", "version", true},
      {"/g/rack a/api/files/local", R"({"groups":["rack a"]})", "files/local", false},
      {"/m/K2Plus/api/printer/", R"({"models":["K2Plus"]})", "printer", false},
      {"/api/version", R"({"all":true})", "version", false},
      {"/p/say \"hi\"/api/job", R"({"printers":["say \"hi\""]})", "job", true},
  };
  for (const Case& c : kCases) {
    const Place place = At(c.path);
    EXPECT_EQ(place.target, c.target);
    EXPECT_EQ(place.rest, c.rest);
    EXPECT_EQ(place.one, c.one);
  }
  for (const char* path : {"/p/api/version", "/p//api/version", "/x/a/api/version", "/p/a/b/api/v",
                           "/p/a", "/g/\xff/api/version", ""}) {
    EXPECT_FALSE(PlaceOf(path)) << path;
  }
}

TEST(SlicerPlace, SaysWhyNothingStarts) {
  const Place place = At("/g/rack-a/api/files/local");
  EXPECT_FALSE(WhyNothingStarts(place, R"({"event":"accepted","matched":2,"skipped":[{}]})"));
  EXPECT_EQ(WhyNothingStarts(place, R"({"event":"accepted","matched":2,"skipped":[
                {"name":"a-01","reason":"bed_not_clear","message":"it is occupied"},
                {"name":"a-02","reason":"busy"}]})"),
            "no printer of group rack-a can start now: a-01 bed_not_clear (it is occupied); a-02 "
            "busy");
  EXPECT_EQ(WhyNothingStarts(place, R"({"event":"rejected","message":"no such group"})"),
            "no such group");
  EXPECT_EQ(WhyNothingStarts(place, "{"), "the bridge's answer cannot be read");
}

TEST(SlicerPlace, RequestIdsAreRandomUuids) {
  const std::string id = NewRequestId();
  ASSERT_EQ(id.size(), 36U);
  for (const size_t at : {size_t{8}, size_t{13}, size_t{18}, size_t{23}}) {
    EXPECT_EQ(id[at], '-');
  }
  EXPECT_EQ(id[14], '4');
  EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos) << id;
  EXPECT_NE(id, NewRequestId());
}

TEST(SlicerPlace, APrintersStateInOctoPrintsWords) {
  const auto documents =
      DocumentsOf(At("/p/a/api/printer"), R"({"event":"done","result":{"printers":[
      {"state":"printing","nozzle_temp_c":210.5,"nozzle_target_c":210,"bed_temp_c":60,
       "bed_target_c":60,"job":{"filename":"a.gcode","progress_ratio":0.25,"elapsed_s":60,
       "remaining_s":180}}]}})");
  ASSERT_TRUE(documents);
  json::Parser parser;
  auto printer = parser.Parse(documents->printer, {});
  ASSERT_TRUE(printer.ok());
  EXPECT_EQ((*printer)["state"]["text"].String(), "Printing");
  EXPECT_EQ((*printer)["state"]["flags"]["printing"].Bool(), true);
  EXPECT_EQ((*printer)["temperature"]["tool0"]["actual"].Number(), 210.5);
  auto job = parser.Parse(documents->job, {});
  ASSERT_TRUE(job.ok());
  EXPECT_EQ((*job)["progress"]["completion"].Number(), 25.0);
  EXPECT_EQ((*job)["job"]["file"]["name"].String(), "a.gcode");
}

TEST(SlicerPlace, AGroupIsReadyWhereOneIs) {
  const Place group = At("/g/r/api/printer");
  const auto text = [&group](const char* states) {
    const auto documents = DocumentsOf(
        group, std::string(R"({"event":"done","result":{"printers":[)") + states + "]}}");
    json::Parser parser;
    const auto printer = parser.Parse(documents->printer, {});
    return std::string((*printer)["state"]["text"].String().value_or(""));
  };
  EXPECT_EQ(text(R"({"state":"printing"},{"state":"idle"},{"state":"offline"})"), "Operational");
  EXPECT_EQ(text(R"({"state":"offline"},{"state":"paused"})"), "Paused");
  EXPECT_EQ(text(""), "Offline");
  EXPECT_FALSE(DocumentsOf(group, R"({"event":"rejected"})"));
}

}  // namespace
}  // namespace printfleet::http
