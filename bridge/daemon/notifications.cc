// The daemon's part in telling people: attempts go to the sender, what became of them comes back as
// an event; the bridge's own troubles go past core; Home Assistant's documents are cleared once.
#include <unistd.h>

#include "base/log.h"
#include "daemon/clock.h"
#include "daemon/daemon.h"
#include "daemon/files.h"
#include "daemon/notify_addresses.h"

namespace printfleet::daemon {
namespace {

// Of the bridge's own news, while the store does not take them.
constexpr size_t kWaitingNewsMax = 10'000;
constexpr std::string_view kDiscoveryMark = "home_assistant";

}  // namespace

Status Daemon::OpenNotify() {
  auto addresses = NotifyAddresses(settings_.notify);
  if (!addresses.ok()) {
    return addresses.error();
  }
  sender_ = std::make_unique<notify::Sender>(*std::move(addresses));
  utc_offset_ = UtcOffset(Now().wall);
  core_->SetUtcOffset(utc_offset_);
  return Ok{};
}

// Every attempt is answered, also one that nobody can make.
void Daemon::SendNotification(core::Notify attempt) {
  core::Notified refused;
  refused.id = attempt.message.id;
  refused.direct = attempt.direct;
  refused.error = "too many attempts wait";
  if (sender_->Send(std::move(attempt))) {
    return;
  }
  if (refused.direct) {
    bridge_notices_.Settle(refused, Now(), utc_offset_);
  } else {
    batcher_->OnEvent(std::move(refused));
  }
}

void Daemon::TakeNotified(const Instant& now) {
  for (core::Notified& notified : sender_->TakeEvents()) {
    if (notified.direct) {
      bridge_notices_.Settle(notified, now, utc_offset_);
    } else {
      batcher_->OnEvent(std::move(notified));
    }
  }
}

void Daemon::WatchBridge(const Instant& now) {
  if (stopping_) {
    return;
  }
  bridge_notices_.Watch(Trouble(now), now, utc_offset_);
  for (core::Notify& attempt : bridge_notices_.TakeSends()) {
    SendNotification(std::move(attempt));
  }
  for (core::Event& event : bridge_notices_.TakeEvents()) {
    if (batcher_->waiting_events() < kWaitingNewsMax) {
      batcher_->OnEvent(std::move(event));
    }
  }
}

// The mark says that there may be documents at the broker which a daemon without home_assistant
// has to clear.
Status Daemon::OpenDiscovery() {
  const std::string mark = PathOf(kDiscoveryMark);
  if (settings_.home_assistant.enabled) {
    return WriteFileAtomically(mark, settings_.home_assistant.discovery_prefix + "\n");
  }
  clearing_discovery_ = ::access(mark.c_str(), F_OK) == 0;
  if (clearing_discovery_) {
    core_->ClearDiscovery();
  }
  return Ok{};
}

void Daemon::ForgetDiscovery() {
  const std::string mark = PathOf(kDiscoveryMark);
  if (clearing_discovery_ && core_->republished() && connections_->outbound_up() &&
      ::unlink(mark.c_str()) != 0) {
    LogWarning("daemon", "cannot be removed", {{"file", mark}});
  }
}

}  // namespace printfleet::daemon
