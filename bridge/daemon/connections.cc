#include "daemon/connections.h"

#include <algorithm>

#include "base/log.h"
#include "daemon/bridge_topic.h"
#include "daemon/clock.h"
#include "protocol/topics.h"

namespace printfleet::daemon {
namespace {

constexpr milliseconds kRetryMin{100};
// Mosquitto's count of what it could not queue. Source: mosquitto(8), broker status.
constexpr std::string_view kDroppedCounter = "$SYS/broker/publish/messages/dropped";
// Mosquitto's log of `log_dest topic`. Its debug lines are not published.
constexpr std::string_view kLogTopics = "$SYS/broker/log/";
constexpr core::Session kBoth[] = {core::Session::kCommands, core::Session::kReports};

}  // namespace

void Connections::Retry::Failed(MonoTime now, milliseconds wait_max) {
  wait = wait.count() == 0 ? kRetryMin : std::min(wait_max, wait * 2);
  at = now + wait;
}

Connections::Connections(const settings::Settings& settings, core::Core& core, std::string secret)
    : settings_(settings), core_(core), secret_(std::move(secret)) {}

mqtt::SessionConfig Connections::ConfigOf(core::Session session) const {
  const std::string& root = settings_.fleet.topic_root;
  mqtt::SessionConfig config;
  config.session = session;
  config.client_id =
      settings_.instance + "-" + std::string(core::Name(session)) + "-0-" + secret_;  // shard 0
  config.receive_max = settings_.inbound.receive_max;
  config.packet_bytes_max = static_cast<int>(settings_.broker.packet_bytes_max);
  config.connect_timeout = settings_.broker.connect_timeout;
  config.keepalive = std::chrono::floor<seconds>(settings_.inbound.keepalive);
  config.filters.push_back(root + "/heartbeat/" + settings_.instance);
  if (session == core::Session::kCommands) {
    config.filters.push_back(root + "/command/#");
    config.retain_as_published = true;
    if (settings_.broker.mode == settings::Mode::kManaged) {
      config.filters.emplace_back(kDroppedCounter);
      if (settings_.broker.lifetime == settings::Lifetime::kOwn) {
        config.filters.emplace_back(std::string(kLogTopics) + "N");  // notices: who comes and goes
        config.filters.emplace_back(std::string(kLogTopics) + "E");  // errors: TLS
      }
    }
  } else {
    config.filters.emplace_back(protocol::kPublicReportsFilter);
    config.filters.emplace_back(protocol::kAppReportsFilter);
    config.retain_as_published = true;
  }
  return config;
}

mqtt::OutboundConfig Connections::OutboundConfigOf() const {
  mqtt::OutboundConfig config;
  config.client_id = settings_.instance + "-outbound-0-" + secret_;
  config.connect_timeout = settings_.broker.connect_timeout;
  config.keepalive =
      std::min(config.keepalive, std::chrono::floor<seconds>(settings_.inbound.keepalive));
  config.bridge_topic = settings_.fleet.topic_root + "/bridge";
  config.will_payload = BridgeDocument("offline", "the daemon is gone", {});
  return config;
}

void Connections::SetBroker(mqtt::BrokerAddress address, const Instant& now) {
  if (address_ && address_->host == address.host && address_->port == address.port &&
      address_->password == address.password && address_->user == address.user) {
    return;
  }
  address_ = std::move(address);
  for (const core::Session session : kBoth) {
    InboundLink& link = inbound_[static_cast<size_t>(session)];
    link.handle = std::make_unique<mqtt::Inbound>(*address_, ConfigOf(session));
    link.ever_up = false;
    link.retry = {now.mono, milliseconds(0)};
  }
  outbound_ = std::make_unique<mqtt::Outbound>(*address_, OutboundConfigOf());
  outbound_retry_ = {now.mono, milliseconds(0)};
}

void Connections::Connect(core::Session session, const Instant& now) {
  InboundLink& link = inbound_[static_cast<size_t>(session)];
  if (!link.handle || !link.handle->closed() || now.mono < link.retry.at) {
    return;
  }
  // Reports are left to the broker while nobody takes them, once it has a session to keep them in.
  if (session == core::Session::kReports && !batcher_->TakesReports() &&
      (link.ever_up || batcher_->draining())) {
    return;
  }
  link.retry.Failed(now.mono, settings_.broker.retry_max);
  if (const Status connected = link.handle->Connect(now); !connected.ok()) {
    trouble_ = connected.error().message;
  }
}

void Connections::ConnectOutbound(const Instant& now) {
  if (!outbound_ || !outbound_->closed() || now.mono < outbound_retry_.at) {
    return;
  }
  outbound_retry_.Failed(now.mono, settings_.broker.retry_max);
  if (const Status connected = outbound_->Connect(now); !connected.ok()) {
    trouble_ = connected.error().message;
  }
}

void Connections::AddTo(PollSet& polls) {
  for (const core::Session session : kBoth) {
    mqtt::Inbound* handle = inbound_[static_cast<size_t>(session)].handle.get();
    if (handle == nullptr || handle->closed()) {
      continue;
    }
    const bool read =
        handle->wants_read() &&
        (!handle->up() || batcher_->MayRead(session, handle->releases_parts(), Now()));
    const short events =
        static_cast<short>((read ? POLLIN : 0) | (handle->wants_write() ? POLLOUT : 0));
    const auto handler = [this, session, handle, read](short revents) {
      if (handle->closed()) {
        return;
      }
      const Instant now = Now();
      if ((revents & POLLOUT) != 0) {
        Take(session, handle->OnWritable(now), now);
      }
      if (read && !handle->closed() && (revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
        Take(session,
             handle->OnReadable(now, settings_.inbound.batch_messages_max,
                                settings_.inbound.batch_bytes_max, ingest_seq_),
             now);
      }
    };
    if (read && handle->buffered()) {
      polls.AddReady(handler);
    } else {
      polls.Add(handle->fd(), events, handler);
    }
  }
  if (outbound_ && !outbound_->closed()) {
    const short events = static_cast<short>(POLLIN | (outbound_->wants_write() ? POLLOUT : 0));
    polls.Add(outbound_->fd(), events, [this](short revents) {
      const Instant now = Now();
      if (!outbound_->closed() && (revents & POLLOUT) != 0) {
        Take(outbound_->OnWritable(now), now);
      }
      if (!outbound_->closed() && (revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
        Take(outbound_->OnReadable(now), now);
      }
    });
  }
}

void Connections::Turn(const Instant& now) {
  if (!address_) {
    return;
  }
  ConnectOutbound(now);
  for (const core::Session session : kBoth) {
    Connect(session, now);
  }
  if (now.mono >= next_second_) {
    next_second_ = now.mono + seconds(1);
    for (const core::Session session : kBoth) {
      mqtt::Inbound& handle = *inbound_[static_cast<size_t>(session)].handle;
      if (!handle.closed()) {
        Take(session, handle.OnSecond(now), now);
      }
    }
    if (!outbound_->closed()) {
      Take(outbound_->OnSecond(now), now);
    }
  }
  if (outbound_up()) {
    if (auto heartbeat = core_.Heartbeat(now)) {
      outbound_->Enqueue(std::move(*heartbeat), now);
    }
  }
  Take(outbound_->Pump(now), now);
}

std::optional<MonoTime> Connections::NextDeadline(const Instant& now) const {
  if (!address_) {
    return std::nullopt;
  }
  MonoTime next = std::min(next_second_, now.mono + seconds(1));
  const auto consider = [&](bool closed, const Retry& retry) {
    next = closed ? std::min(next, retry.at) : next;
  };
  for (const InboundLink& link : inbound_) {
    consider(link.handle->closed(), link.retry);
  }
  consider(outbound_->closed(), outbound_retry_);
  if (outbound_up()) {
    next = std::min(next, core_.links().next_heartbeat());
  }
  return next;
}

void Connections::Take(core::Session session, mqtt::Inbound::Progress progress,
                       const Instant& now) {
  if (progress.connected) {
    core_.links().OnDown(session);
    batcher_->OnSessionConnected(session);
  }
  if (progress.down) {
    // What this call read will be delivered again.
    Down(session, *progress.down, now);
    return;
  }
  if (!progress.messages.empty()) {
    batcher_->OnMessages(std::move(progress.messages), now);
  }
  if (progress.up) {
    LogInfo("inbound", "listening",
            {{"session", core::Name(session)},
             {"session_present", progress.session_present ? "yes" : "no"}});
    inbound_[static_cast<size_t>(session)].retry.Succeeded();
    inbound_[static_cast<size_t>(session)].ever_up = true;
    core_.links().OnUp(session, now);
    batcher_->OnEvent(core::SessionUp{session});
    if (!progress.session_present && on_new_session) {
      on_new_session();
    }
  }
}

void Connections::Down(core::Session session, const std::string& why, const Instant& now) {
  InboundLink& link = inbound_[static_cast<size_t>(session)];
  if (trouble_ != why) {
    LogWarning("inbound", "connection lost", {{"session", core::Name(session)}, {"reason", why}});
    trouble_ = why;
  }
  link.retry.Failed(now.mono, settings_.broker.retry_max);
  core_.links().OnDown(session);
  batcher_->OnSessionDown(session);
  batcher_->OnEvent(core::SessionDown{session, why});
}

void Connections::Take(mqtt::Outbound::Progress progress, const Instant& now) {
  for (core::Published& published : progress.published) {
    batcher_->OnEvent(std::move(published));
  }
  if (progress.up) {
    outbound_retry_.Succeeded();
    trouble_.clear();
    batcher_->OnEvent(core::OutboundUp{});
  }
  if (progress.down) {
    outbound_retry_.Failed(now.mono, settings_.broker.retry_max);
    if (trouble_ != *progress.down) {
      LogWarning("outbound", "connection lost", {{"reason", *progress.down}});
      trouble_ = *progress.down;
    }
    batcher_->OnEvent(core::OutboundDown{});
  }
}

void Connections::Publish(core::Publish publish) {
  if (outbound_) {
    outbound_->Enqueue(std::move(publish), Now());
  }
}

void Connections::Release(core::Session session, uint64_t through) {
  mqtt::Inbound* handle = inbound_[static_cast<size_t>(session)].handle.get();
  if (handle != nullptr && !handle->closed()) {
    const Instant now = Now();
    Take(session, handle->Release(now, through), now);
  }
}

void Connections::DropReports() {
  mqtt::Inbound* handle = inbound_[static_cast<size_t>(core::Session::kReports)].handle.get();
  if (handle != nullptr && !handle->closed()) {
    handle->Drop();
    Down(core::Session::kReports, "left to the broker until reports can be taken again", Now());
  }
}

void Connections::Close() {
  for (InboundLink& link : inbound_) {
    if (!link.handle || link.handle->closed()) {
      continue;
    }
    if (link.handle->held() == 0) {
      link.handle->Close();
    } else {
      link.handle->Drop();
    }
  }
  if (outbound_ && !outbound_->closed()) {
    outbound_->Close();
  }
}

}  // namespace printfleet::daemon
