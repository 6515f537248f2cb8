// Links: what we know of our own hearing. Each inbound session is live once a heartbeat that was
// published after its SUBACK has come back through it; until then it is catching up and what it
// brings is backlog. Pure; loop thread only.
//
// The heartbeat's round trip is the lag, its absence is deafness.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "core/event.h"

namespace printfleet::core {

class Links {
 public:
  struct Config {
    std::string heartbeat_topic;
    milliseconds interval{1000};
    milliseconds deaf_after{10000};
  };

  explicit Links(Config config) : config_(std::move(config)) {}

  // How long ago an earlier process had dealt with all there was, for the first catching up.
  void SetDeafBeforeStart(seconds deaf_for, const Instant& now) {
    settled_before_ = now.mono - deaf_for;
  }

  void OnUp(Session session, const Instant& now);
  void OnDown(Session session);

  // Stamps `message` (backlog, deaf_for, read_until). True when it is a heartbeat and ends here.
  bool Receive(Message& message);

  // When the next heartbeat is due, and its payload (a nonce that names its moment).
  [[nodiscard]] MonoTime next_heartbeat() const { return next_heartbeat_; }

  std::string NextHeartbeat(const Instant& now);

  // Heard a heartbeat through this session since its SUBACK.
  [[nodiscard]] bool caught_up(Session session) const { return Of(session).caught_up; }

  // What the session held is acknowledged, or need not be.
  void OnReleased(Session session);

  // Everything that was published on this session before this moment is dealt with: read, stored
  // where it is to be stored, acknowledged. nullopt: not known in this process.
  [[nodiscard]] std::optional<MonoTime> settled_at(Session session) const {
    return Of(session).settled_at;
  }

  [[nodiscard]] bool up(Session session) const { return Of(session).up; }

  // What is read comes from the spool, and nothing of it is of now. Reports count as not heard
  // meanwhile, however long ago the last heartbeat was.
  void SetDraining(bool draining) { draining_ = draining; }

  [[nodiscard]] bool draining() const { return draining_; }

  // No heartbeat for deaf_after (or never yet).
  [[nodiscard]] bool Deaf(Session session, const Instant& now) const;
  // The moment at which Deaf turns true if nothing is heard; nullopt when it is already.
  [[nodiscard]] std::optional<MonoTime> DeafAt(Session session, const Instant& now) const;

  // Seconds of the last round trip through the reports session; grows while one is missing.
  [[nodiscard]] double LagSeconds(const Instant& now) const;

 private:
  struct Link {
    bool up = false;
    bool caught_up = false;
    MonoTime up_at;
    std::optional<MonoTime> heard_at;
    MonoTime read_until;  // when the last heartbeat that came through was sent
    std::optional<MonoTime> settled_at;
    milliseconds last_lag{0};
    std::optional<MonoTime> waiting_since;  // the oldest heartbeat not heard yet
  };

  [[nodiscard]] const Link& Of(Session session) const {
    return links_[static_cast<size_t>(session)];
  }

  Link& Of(Session session) { return links_[static_cast<size_t>(session)]; }

  Config config_;
  std::array<Link, kSessions> links_;
  std::optional<MonoTime> settled_before_;  // by an earlier process
  MonoTime next_heartbeat_;
  bool draining_ = false;
};

}  // namespace printfleet::core
