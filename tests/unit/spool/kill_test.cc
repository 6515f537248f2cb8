// SIGKILL at any instant: what was said to be kept is there once, in order, and nothing is half.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <random>

#include "rig.h"

namespace printfleet::spool {
namespace {

constexpr int kLives = 30;
constexpr int kBatch = 50;             // reports an Append
constexpr int kFirstWordMax = 30'000;  // ms

Config ConfigIn(const std::string& folder) {
  Config config;
  config.directory = folder + "/spool";
  config.bytes_max = int64_t{64} << 20;
  config.reserve_bytes = int64_t{1} << 20;
  return config;
}

// What the child has said, a line each: how far it has kept, and how far it was told to forget.
struct Said {
  int kept = 0;  // numbers below this one
  int64_t forgotten_id = 0;
};

// The child's life: keeps numbers from `from` on, forgets now and then, says so. Never returns.
[[noreturn]] void Live(const Config& config, int from, int out) {
  Rig rig(config);
  rig.Open();
  for (int next = from; true; next += kBatch) {
    if (!rig.Keep(Reports(next, next + kBatch, 300))) {
      ::_exit(2);
    }
    Said said{.kept = next + kBatch, .forgotten_id = 0};
    if (next / kBatch % 10 == 9) {
      const Result<Entries> some = rig.Read(0, 3 * kBatch);
      if (some && !some->entries.empty()) {
        said.forgotten_id = some->entries.back().id;
        rig.Forget(said.forgotten_id);
      }
    }
    if (::write(out, &said, sizeof said) != static_cast<ssize_t>(sizeof said)) {
      ::_exit(3);
    }
  }
}

TEST(SpoolKilled, WhatWasKeptIsThereOnceAndInOrder) {
  const Folder folder;
  const Config config = ConfigIn(folder.path());
  std::mt19937 random(4711);
  int kept = 0;              // the child has said so
  int64_t forgotten_id = 0;  // likewise
  int64_t last_id = 0;
  int lives_with_work = 0;
  for (int life = 0; life < kLives; ++life) {
    int pipe[2];
    ASSERT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(pipe[0]);
      Live(config, kept, pipe[1]);
    }
    ::close(pipe[1]);
    if (life % 2 == 0) {
      // At work, however slow this machine and build are; the others die at any moment of their
      // start.
      pollfd said{.fd = pipe[0], .events = POLLIN, .revents = 0};
      ASSERT_EQ(::poll(&said, 1, kFirstWordMax), 1);
    }
    ::poll(nullptr, 0, static_cast<int>(random() % 120));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << WEXITSTATUS(status);
    Said said;
    const int before = kept;
    while (::read(pipe[0], &said, sizeof said) == static_cast<ssize_t>(sizeof said)) {
      kept = said.kept;
      forgotten_id = std::max(forgotten_id, said.forgotten_id);
    }
    ::close(pipe[0]);
    lives_with_work += kept > before ? 1 : 0;

    Rig rig(config);
    rig.Open();
    ASSERT_EQ(rig.spool().contents().condition, Condition::kGood) << "life " << life;
    ASSERT_EQ(rig.spool().contents().set_aside, "") << "life " << life;
    const std::vector<Entry> entries = rig.ReadAll();
    const std::vector<int> numbers = NumbersOf(entries);
    for (size_t i = 1; i < entries.size(); ++i) {
      ASSERT_EQ(numbers[i], numbers[i - 1] + 1) << "life " << life;
      ASSERT_GT(entries[i].id, entries[i - 1].id) << "life " << life;
    }
    if (!entries.empty()) {
      // Whole Appends; what was forgotten may be there still, what was not must be.
      EXPECT_EQ((numbers.back() + 1) % kBatch, 0);
      EXPECT_GE(numbers.back() + 1, kept);
      EXPECT_LE(entries.front().id, forgotten_id + 1);
      EXPECT_GE(entries.back().id, last_id) << "an id was given twice";
      last_id = entries.back().id;
      kept = numbers.back() + 1;
    }
    EXPECT_EQ(rig.spool().contents().reports, static_cast<int64_t>(entries.size()));
  }
  EXPECT_GE(lives_with_work, kLives / 2);
}

}  // namespace
}  // namespace printfleet::spool
