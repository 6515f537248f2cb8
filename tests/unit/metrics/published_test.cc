// Published: what the loop leaves for others, and how they ask it for more.
#include "metrics/published.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <thread>

namespace printfleet::metrics {
namespace {

constexpr int kPatienceMs = 10'000;

bool Wanted(const Published& published, int timeout_ms) {
  pollfd descriptor{.fd = published.wanted_fd(), .events = POLLIN, .revents = 0};
  return ::poll(&descriptor, 1, timeout_ms) == 1;
}

std::shared_ptr<Snapshot> WithPending(uint64_t pending) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->printers_pending = pending;
  return snapshot;
}

TEST(Published, IsStartingUntilTheLoopSaysSomething) {
  Published published;
  EXPECT_EQ(published.condition().trouble, "starting");
  published.SetCondition({"", {"a certificate ends soon"}});
  EXPECT_EQ(published.condition().trouble, "");
  EXPECT_EQ(published.condition().warnings, std::vector<std::string>{"a certificate ends soon"});
}

TEST(Published, AFreshOneIsGivenWithoutAsking) {
  Published published;
  published.Set(WithPending(4));
  EXPECT_EQ(published.Get()->printers_pending, 4U);
  EXPECT_FALSE(Wanted(published, 0));
}

TEST(Published, AsksTheLoopAndWaitsForIt) {
  Published published;
  bool asked = false;
  std::thread loop([&] {
    asked = Wanted(published, kPatienceMs);
    published.ClearWanted();
    published.Set(WithPending(7));
  });
  std::shared_ptr<const Snapshot> got;
  const auto deadline = Published::Clock::now() + std::chrono::milliseconds(kPatienceMs);
  while (got == nullptr && Published::Clock::now() < deadline) {
    got = published.Get();  // a slow machine may take longer than one patience
  }
  loop.join();
  EXPECT_TRUE(asked);
  ASSERT_NE(got, nullptr);
  EXPECT_EQ(got->printers_pending, 7U);
}

TEST(Published, ABusyLoopLeavesTheLastOne) {
  Published published;
  EXPECT_EQ(published.Get(), nullptr) << "there was none";
  ASSERT_TRUE(Wanted(published, 0));
  published.ClearWanted();
  published.Set(WithPending(1));
  const auto deadline = Published::Clock::now() + std::chrono::milliseconds(kPatienceMs);
  while (!Wanted(published, 0) && Published::Clock::now() < deadline) {
    ASSERT_EQ(published.Get()->printers_pending, 1U);
  }
  EXPECT_TRUE(Wanted(published, 0)) << "an old one is never renewed";
}

}  // namespace
}  // namespace printfleet::metrics
