#include "mqtt/outbound.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/text.h"
#include "mqtt/connection.h"
#include "mqtt/outbound_queue.h"

namespace printfleet::mqtt {
namespace {

using Result = core::Published::Result;
using Lane = OutboundQueue::Lane;

// What nobody gave an expiry waits this long for a connection.
constexpr milliseconds kWaitMax{60000};
constexpr int kReadsMax = 10000;  // packets in one OnReadable
// Packet identifiers are 16 bit and come round: no window may reach half of them.
constexpr int kWindowMax = 30000;
// PUBACK's reason codes. Source: MQTT 5, 3.4.2.1.
constexpr int kReasonNoSubscriber = 0x10;
constexpr int kReasonRefused = 0x80;
constexpr size_t kTopicTextBytesMax = 200;

ConnectOptions Options(const OutboundConfig& config) {
  ConnectOptions options;
  options.client_id = config.client_id;
  options.send_max = std::clamp(config.inflight_max, 1, kWindowMax);
  options.keepalive = config.keepalive;
  options.connect_timeout = config.connect_timeout;
  options.will_topic = config.bridge_topic;
  options.will_payload = config.will_payload;
  return options;
}

}  // namespace

struct Outbound::State {
  struct Flight {
    OutboundQueue::Entry entry;
    uint64_t order = 0;
  };

  State(BrokerAddress address, OutboundConfig outbound_config)
      : config(std::move(outbound_config)),
        queue({config.queue_messages_max, config.queue_bytes_max}),
        connection(std::move(address), Options(config), MakeHandlers()) {}

  Handlers MakeHandlers() {
    Handlers handlers;
    handlers.connected = [this](bool /*present*/, int receive_max) {
      window = std::min(std::clamp(config.inflight_max, 1, kWindowMax), receive_max);
      up = true;
      progress.up = true;
    };
    handlers.subscribed = [](const std::vector<int>& /*reason_codes*/) {};
    handlers.message = [](const core::Message& /*message*/) {};
    handlers.published = [this](int packet_identifier, int reason_code) {
      OnPublished(packet_identifier, reason_code);
    };
    return handlers;
  }

  void OnPublished(int packet_identifier, int reason_code) {
    const auto flight = in_flight.find(packet_identifier);
    if (flight == in_flight.end()) {
      return;
    }
    const core::Publish& message = flight->second.entry.message;
    if (message.token != 0) {
      FAILPOINT("sending.acknowledged");
    }
    if (reason_code >= kReasonRefused) {
      Refused(message, ReasonText(reason_code, config.client_id));
    } else {
      Report(message, reason_code == kReasonNoSubscriber ? Result::kNoSubscriber : Result::kTaken);
    }
    in_flight.erase(flight);
  }

  void Report(const core::Publish& message, Result result) {
    if (message.token == 0) {
      return;
    }
    const bool ok = result == Result::kTaken || result == Result::kNoSubscriber;
    progress.published.push_back({message.execution, message.token, ok, result});
  }

  void Refused(const core::Publish& message, const std::string& why) {
    ++refused;
    LogWarning("mqtt", "message not published",
               {{"topic", PrintableText(message.topic, kTopicTextBytesMax)}, {"reason", why}});
    Report(message, Result::kNotSent);
  }

  // Which lanes may use the window as full as it is: an eighth is kept from the retained documents,
  // the responses and events for printers, and a sixteenth from all but stops.
  [[nodiscard]] std::array<bool, 4> Allowed() const {
    const auto used = static_cast<int>(in_flight.size());
    const auto fits = [&](int kept_free) { return used < std::max(1, window - kept_free); };
    return {fits(0), fits(window / 16), fits(window / 8), fits(window / 8)};
  }

  void HandOver(OutboundQueue::Entry entry, const Instant& now) {
    std::optional<uint32_t> expiry_s;
    if (entry.message.expiry_s) {
      expiry_s = OutboundQueue::ExpiryLeft(entry, now.mono);
      if (!expiry_s) {
        ++expired;
        Report(entry.message, Result::kNotSent);
        return;
      }
    }
    if (entry.message.token != 0) {
      FAILPOINT("sending.before");
    }
    const printfleet::Result<int> sent = connection.Publish(entry.message, expiry_s);
    if (!sent.ok()) {
      Refused(entry.message, sent.error().message);
      return;
    }
    in_flight.insert_or_assign(*sent, Flight{std::move(entry), ++order});
  }

  Status PumpQueue(const Instant& now) {
    Status status = Ok{};
    while (status.ok() && up && !connection.write_pending()) {
      const std::optional<Lane> lane = queue.Next(Allowed());
      if (!lane) {
        break;
      }
      OutboundQueue::Entry entry = queue.Pop(*lane);
      [[maybe_unused]] const bool counted = entry.message.token != 0;
      HandOver(std::move(entry), now);
      if (connection.write_pending()) {
        status = connection.Write(now);
      }
      if (counted) {
        FAILPOINT("sending.written");
      }
    }
    return status;
  }

  void Expire(const Instant& now) {
    for (const OutboundQueue::Entry& entry : queue.TakeExpired(now.mono, kWaitMax)) {
      ++expired;
      Report(entry.message, Result::kNotSent);
    }
  }

  // The connection is gone. What was in flight and nobody counts goes back to its place: a response
  // twice is better than none.
  void GoneDown() {
    up = false;
    for (const OutboundQueue::Entry& entry : queue.TakeUnsendable()) {
      Report(entry.message, Result::kNotSent);
    }
    std::vector<Flight> flights;
    flights.reserve(in_flight.size());
    for (auto& [packet_identifier, flight] : in_flight) {
      flights.push_back(std::move(flight));
    }
    in_flight.clear();
    std::sort(flights.begin(), flights.end(),
              [](const Flight& left, const Flight& right) { return left.order > right.order; });
    for (Flight& flight : flights) {
      if (flight.entry.message.token != 0) {
        Report(flight.entry.message, Result::kUnknown);
      } else if (!flight.entry.message.retain && flight.entry.message.qos > 0) {
        queue.PushFront(std::move(flight.entry));
      }
    }
  }

  Progress Take(const Status& status) {
    if (!status.ok()) {
      GoneDown();
      progress.down = status.error().message;
    }
    return std::exchange(progress, {});
  }

  const OutboundConfig config;
  OutboundQueue queue;
  std::unordered_map<int, Flight> in_flight;  // by packet identifier
  uint64_t order = 0;
  int window = 1;
  bool up = false;
  uint64_t dropped = 0;
  uint64_t expired = 0;
  uint64_t refused = 0;
  Progress progress;  // of the call that runs, and what happened between calls
  Connection connection;
};

Outbound::Outbound(BrokerAddress address, OutboundConfig config)
    : state_(std::make_unique<State>(std::move(address), std::move(config))) {}

Outbound::~Outbound() = default;

Status Outbound::Connect(const Instant& now) {
  return state_->connection.Open(now);
}

int Outbound::fd() const {
  return state_->connection.fd();
}

bool Outbound::wants_write() const {
  return state_->connection.write_pending();
}

bool Outbound::up() const {
  return state_->up;
}

bool Outbound::closed() const {
  return state_->connection.closed();
}

Outbound::Progress Outbound::OnReadable(const Instant& now) {
  State& state = *state_;
  if (closed()) {
    return state.Take(Ok{});
  }
  Status status = state.connection.Read(now);
  for (int reads = 1; status.ok() && state.connection.read_pending() && reads < kReadsMax;
       ++reads) {
    status = state.connection.Read(now);
  }
  if (status.ok() && state.connection.write_pending()) {
    status = state.connection.Write(now);  // the CONNECT after a TLS handshake
  }
  return status.ok() ? Pump(now) : state.Take(status);
}

Outbound::Progress Outbound::OnWritable(const Instant& now) {
  if (closed() || !wants_write()) {
    return Pump(now);
  }
  const Status status = state_->connection.Write(now);
  return status.ok() ? Pump(now) : state_->Take(status);
}

Outbound::Progress Outbound::OnSecond(const Instant& now) {
  State& state = *state_;
  if (!state.up) {
    state.Expire(now);
  }
  if (closed()) {
    return state.Take(Ok{});
  }
  const Status status = state.connection.OnSecond(now);
  return status.ok() ? Pump(now) : state.Take(status);
}

void Outbound::Enqueue(core::Publish message, const Instant& now) {
  State& state = *state_;
  if (!state.up && (message.token != 0 || message.retain)) {
    state.Report(message, Result::kNotSent);
    return;
  }
  if (message.lane == core::Publish::Lane::kStop && !message.execution.printer_id.empty()) {
    for (const OutboundQueue::Entry& entry : state.queue.TakeOvertaken(message)) {
      state.Report(entry.message, Result::kOvertaken);
    }
  }
  for (const OutboundQueue::Entry& entry : state.queue.Push({std::move(message), now.mono})) {
    ++state.dropped;
    state.Report(entry.message, Result::kNotSent);
  }
}

Outbound::Progress Outbound::Pump(const Instant& now) {
  return state_->Take(state_->PumpQueue(now));
}

size_t Outbound::queued() const {
  return state_->queue.size();
}

size_t Outbound::queued_bytes() const {
  return state_->queue.bytes();
}

size_t Outbound::in_flight() const {
  return state_->in_flight.size();
}

uint64_t Outbound::dropped_total() const {
  return state_->dropped;
}

uint64_t Outbound::expired_total() const {
  return state_->expired;
}

uint64_t Outbound::refused_total() const {
  return state_->refused;
}

void Outbound::Drop() {
  state_->connection.Shut();
  state_->GoneDown();
}

void Outbound::Close() {
  state_->connection.Disconnect();
  state_->GoneDown();
}

}  // namespace printfleet::mqtt
