#include "core/links.h"

#include <charconv>

namespace printfleet::core {

void Links::OnUp(Session session, const Instant& now) {
  Link& link = Of(session);
  link.up = true;
  link.caught_up = false;
  link.up_at = now.mono;
  link.waiting_since.reset();
  next_heartbeat_ = now.mono;
}

void Links::OnDown(Session session) {
  Of(session).up = false;
  Of(session).caught_up = false;
}

bool Links::Receive(Message& message) {
  Link& link = Of(message.session);
  if (message.topic == config_.heartbeat_topic) {
    int64_t sent_ms = 0;
    const auto parsed = std::from_chars(message.payload.data(),
                                        message.payload.data() + message.payload.size(), sent_ms);
    const MonoTime sent{milliseconds(sent_ms)};
    // One of an earlier connection, or of an earlier process, proves nothing. Old ones come before
    // the SUBACK, with the rest of the session's backlog.
    if (!link.up || parsed.ec != std::errc() || sent < link.up_at || sent > message.received.mono) {
      return true;
    }
    link.caught_up = true;
    link.heard_at = message.received.mono;
    link.read_until = sent;
    link.last_lag = message.received.mono - sent;
    link.waiting_since.reset();
    return true;
  }
  message.backlog = !link.caught_up;
  message.read_until = link.read_until;
  if (message.backlog) {
    const MonoTime now = message.received.mono;
    const MonoTime settled = link.settled_at.value_or(settled_before_.value_or(now));
    message.deaf_for = std::chrono::ceil<seconds>(now - settled);
  }
  return false;
}

// While catching up there may be more behind it that is older than the last heartbeat.
void Links::OnReleased(Session session) {
  Link& link = Of(session);
  if (link.caught_up) {
    link.settled_at = link.read_until;
  }
}

std::string Links::NextHeartbeat(const Instant& now) {
  next_heartbeat_ = now.mono + config_.interval;
  for (Link& link : links_) {
    if (link.up && !link.waiting_since) {
      link.waiting_since = now.mono;
    }
  }
  return std::to_string(now.mono.time_since_epoch().count());
}

bool Links::Deaf(Session session, const Instant& now) const {
  const Link& link = Of(session);
  return (draining_ && session == Session::kReports) || !link.heard_at ||
         now.mono - *link.heard_at >= config_.deaf_after;
}

std::optional<MonoTime> Links::DeafAt(Session session, const Instant& now) const {
  if (Deaf(session, now)) {
    return std::nullopt;
  }
  return *Of(session).heard_at + config_.deaf_after;
}

double Links::LagSeconds(const Instant& now) const {
  const Link& link = Of(Session::kReports);
  const milliseconds waiting =
      link.waiting_since ? now.mono - *link.waiting_since : milliseconds(0);
  return std::chrono::duration<double>(std::max(link.last_lag, waiting)).count();
}

}  // namespace printfleet::core
