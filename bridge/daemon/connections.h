// Connections: the three MQTT connections of the daemon (reports, commands, outbound), each made
// again with back-off, and their traffic handed to the batcher. Loop thread only.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/core.h"
#include "daemon/batcher.h"
#include "daemon/poll_set.h"
#include "mqtt/inbound.h"
#include "mqtt/outbound.h"
#include "settings/settings.h"

namespace printfleet::daemon {

class Connections {
 public:
  // `secret`: 128 bits of this installation, so that nobody else has our client ids.
  Connections(const settings::Settings& settings, core::Core& core, std::string secret);

  void SetBatcher(Batcher* batcher) { batcher_ = batcher; }

  // The broker was told to save now that it has our (new) sessions; may be empty.
  std::function<void()> on_new_session;

  // (Re)connects to this broker from the next turn on. An address that did not change is ignored.
  void SetBroker(mqtt::BrokerAddress address, const Instant& now);

  void AddTo(PollSet& polls);
  void Turn(const Instant& now);
  [[nodiscard]] std::optional<MonoTime> NextDeadline(const Instant& now) const;

  // -- For the batcher --
  void Publish(core::Publish publish);
  void Release(core::Session session, uint64_t through);
  void DropReports();

  // Outbound is up and can carry our own words.
  [[nodiscard]] bool outbound_up() const { return outbound_ && outbound_->up(); }

  [[nodiscard]] bool session_up(core::Session session) const {
    const auto& inbound = inbound_[static_cast<size_t>(session)].handle;
    return inbound && inbound->up();
  }

  [[nodiscard]] const mqtt::Outbound* outbound() const { return outbound_.get(); }

  [[nodiscard]] int held(core::Session session) const {
    const auto& inbound = inbound_[static_cast<size_t>(session)].handle;
    return inbound ? inbound->held() : 0;
  }

  // How much of Mosquitto's $SYS counter of dropped messages we saw; 0 until it said.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

  // Leaves the broker: no will, sessions stay. Held messages are left to the broker.
  void Close();

 private:
  // When to try again.
  struct Retry {
    MonoTime at;
    milliseconds wait{0};

    void Failed(MonoTime now, milliseconds wait_max);

    void Succeeded() { wait = milliseconds(0); }
  };

  struct InboundLink {
    std::unique_ptr<mqtt::Inbound> handle;
    Retry retry;
    bool ever_up = false;  // the broker keeps a session for us
  };

  void Connect(core::Session session, const Instant& now);
  void ConnectOutbound(const Instant& now);
  void Take(core::Session session, mqtt::Inbound::Progress progress, const Instant& now);
  void Take(mqtt::Outbound::Progress progress, const Instant& now);
  void Down(core::Session session, const std::string& why, const Instant& now);
  [[nodiscard]] mqtt::SessionConfig ConfigOf(core::Session session) const;
  [[nodiscard]] mqtt::OutboundConfig OutboundConfigOf() const;

  const settings::Settings& settings_;
  core::Core& core_;
  Batcher* batcher_ = nullptr;
  std::string secret_;
  std::optional<mqtt::BrokerAddress> address_;
  std::array<InboundLink, core::kSessions> inbound_;
  std::unique_ptr<mqtt::Outbound> outbound_;
  Retry outbound_retry_;
  MonoTime next_second_;
  uint64_t ingest_seq_ = 0;
  std::string trouble_;
};

}  // namespace printfleet::daemon
