// What comes from the spool, and changes of state that follow each other fast.
#include <gtest/gtest.h>

#include <algorithm>

#include "printer/state.h"
#include "tests/unit/core/rig.h"

namespace printfleet::core {
namespace {

constexpr char kId[] = "9347a110c5423fe412ce45533bfc10e6";

class SpooledReports : public ::testing::Test {
 protected:
  SpooledReports() { rig_.BecomeLive(); }

  Message Status(const std::string& state, const std::string& msgid) {
    return rig_.Report("20021", kId, "status",
                       R"({"type":"status","action":"workReport","state":")" + state +
                           R"(","msgid":")" + msgid + R"("})");
  }

  Effects Commit(const std::vector<Event>& events) {
    for (const Event& event : events) {
      rig_.Step(event);
    }
    return rig_.Commit();
  }

  std::vector<Publish> Pass(milliseconds time) {
    std::vector<Publish> published;
    rig_.Pass(time, published);
    return published;
  }

  [[nodiscard]] printer::State State() const {
    return printer::EffectiveState(*rig_.core().world().printers.Find(kId));
  }

  mutable testing::Rig rig_;
};

TEST_F(SpooledReports, PrintersAreUnknownAndRequestsToThemAreRefused) {
  Commit({Status("free", "m1")});
  EXPECT_EQ(State(), printer::State::kIdle);
  Message waited = Status("busy", "m2");
  waited.spool_id = 1;
  Pass(seconds(100));
  rig_.core().links().SetDraining(true);
  const Effects effects = Commit({Draining{}, waited});
  EXPECT_EQ(State(), printer::State::kUnknown);
  EXPECT_EQ(effects.rows.reports.size(), 1U);

  const std::string request = R"({"id":"7b2c3d60-1111-4222-8333-944455556677","command":"fan.set",)"
                              R"("args":{"fan_ratio":0.5},"target":{"all":true}})";
  const Effects refused = Commit({rig_.Said(Session::kCommands, "fleet/v1/command/ann", request)});
  EXPECT_TRUE(refused.rows.commands.empty());
  EXPECT_TRUE(std::ranges::any_of(refused.publishes, [](const Publish& publish) {
    return publish.payload.find(R"("reason":"unavailable")") != std::string::npos;
  }));
}

TEST_F(SpooledReports, WhatFollowsFastIsToldAsOneAndTheLastAlways) {
  Commit({Status("free", "m1")});
  Pass(seconds(2));
  int told = 0;
  std::string last;
  const auto count = [&](const std::vector<Publish>& publishes) {
    for (const Publish& publish : publishes) {
      if (publish.topic.find("/printers/") != std::string::npos) {
        ++told;
        last = publish.payload;
      }
    }
  };
  for (int i = 0; i < 20; ++i) {
    count(Commit({Status(i % 2 == 0 ? "busy" : "free", "s" + std::to_string(i))}).publishes);
    count(Pass(milliseconds(20)));
  }
  EXPECT_LE(told, 4);  // in 400 ms: one at once, then one each change_interval
  EXPECT_GE(told, 2);
  count(Pass(seconds(1)));
  EXPECT_NE(last.find(R"("state":"idle")"), std::string::npos) << last;
}

TEST_F(SpooledReports, AFarmOfThousandsTellsItsReadingsLessOftenAndItsStatesAtOnce) {
  std::vector<Event> first;
  for (int i = 0; i < 2500; ++i) {
    std::string id = std::to_string(i);
    id.insert(0, 32 - id.size(), 'a');
    first.emplace_back(rig_.Report("20021", id, "status",
                                   R"({"type":"status","action":"workReport","state":"free",)"
                                   R"("msgid":"f)" +
                                       id + R"("})"));
  }
  first.emplace_back(Status("free", "m1"));
  Commit(first);
  Pass(seconds(5));
  const auto temperature = [&](int nozzle_c) {
    return rig_.Report("20021", kId, "tempature",
                       R"({"type":"tempature","action":"auto","state":"done","msgid":"t)" +
                           std::to_string(nozzle_c) + R"(","data":{"curr_nozzle_temp":)" +
                           std::to_string(nozzle_c) + R"(,"curr_hotbed_temp":20}})");
  };
  const auto told = [](const std::vector<Publish>& publishes) {
    return std::ranges::count_if(publishes, [](const Publish& publish) {
      return publish.topic.find(kId) != std::string::npos;
    });
  };
  Commit({temperature(100)});
  Pass(seconds(3));
  EXPECT_EQ(told(Commit({temperature(110)}).publishes), 1);
  EXPECT_EQ(told(Commit({temperature(120)}).publishes), 0);
  EXPECT_EQ(told(Pass(milliseconds(1500))), 0);  // two thousands: two seconds
  EXPECT_EQ(told(Pass(milliseconds(700))), 1);
  EXPECT_EQ(told(Commit({temperature(130)}).publishes), 0);
  EXPECT_EQ(told(Pass(milliseconds(300))), 0);
  EXPECT_EQ(told(Commit({Status("busy", "m2")}).publishes), 1);
}

}  // namespace
}  // namespace printfleet::core
