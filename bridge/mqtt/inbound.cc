#include "mqtt/inbound.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <utility>

#include "base/check.h"
#include "mqtt/connection.h"
#include "mqtt/wire_connection.h"

namespace printfleet::mqtt {
namespace {

// How long the broker keeps our queue when nobody fetches it. Not for ever: a daemon that was moved
// away must not fill the broker's memory with a session nobody can name any more.
constexpr uint32_t kSessionExpiryS = 30 * 24 * 3600;
constexpr int kReasonRefused = 0x80;

ConnectOptions Options(const SessionConfig& config) {
  ConnectOptions options;
  options.client_id = config.client_id;
  options.clean_start = false;
  options.session_expiry_s = kSessionExpiryS;
  options.receive_max = config.receive_max;
  options.packet_bytes_max = config.packet_bytes_max;
  options.keepalive = config.keepalive;
  options.connect_timeout = config.connect_timeout;
  return options;
}

}  // namespace

struct Inbound::State {
  State(BrokerAddress address, SessionConfig session_config)
      : config(std::move(session_config)), connection(MakeLink(std::move(address))) {}

  std::unique_ptr<Link> MakeLink(BrokerAddress address) {
    if (address.ca_file.empty()) {
      return std::make_unique<WireConnection>(std::move(address), Options(config), MakeHandlers());
    }
    return std::make_unique<Connection>(std::move(address), Options(config), MakeHandlers());
  }

  Handlers MakeHandlers() {
    Handlers handlers;
    handlers.connected = [this](bool present, int /*receive_max*/) {
      progress.connected = true;
      session_present = present;
      const Status queued = connection->Subscribe(config.filters, config.retain_as_published);
      if (!queued.ok()) {
        refusal = queued.error().message;
      }
    };
    handlers.subscribed = [this](const std::vector<int>& reason_codes) { OnSuback(reason_codes); };
    handlers.message = [this](core::Message message) {
      message.session = config.session;
      message.received = read_at;
      message.ingest_seq = ++read_seq;
      bytes_read += static_cast<int64_t>(message.topic.size() + message.payload.size());
      held.push_back(message.ingest_seq);
      progress.messages.push_back(std::move(message));
    };
    handlers.published = [](int /*packet_identifier*/, int /*reason_code*/) {};
    return handlers;
  }

  void OnSuback(const std::vector<int>& reason_codes) {
    if (reason_codes.size() != config.filters.size()) {
      refusal = "the broker's SUBACK does not fit our SUBSCRIBE";
      return;
    }
    for (size_t i = 0; i < reason_codes.size(); ++i) {
      if (reason_codes[i] >= kReasonRefused) {
        refusal = "the broker refuses our subscription to '" + config.filters[i] +
                  "': " + ReasonText(reason_codes[i], config.client_id);
        return;
      }
    }
    up = true;
    progress.up = true;
  }

  // Writes what is queued unless acknowledgements are among it that nobody has released.
  Status WriteOwn(const Instant& now) { return writing() ? connection->Write(now) : Status(Ok{}); }

  // A refusal noticed in a callback closes here, outside it.
  Status CloseRefused() {
    if (refusal.empty()) {
      return Ok{};
    }
    connection->Shut();
    return Error{Errc::kRejected, refusal};
  }

  void Reset() {
    held.clear();
    up = false;
    session_present = false;
    refusal.clear();
  }

  Progress Take(const Status& status) {
    Progress taken = std::exchange(progress, {});
    taken.session_present = session_present;
    if (!status.ok()) {
      taken.down = status.error().message;
      Reset();
    }
    return taken;
  }

  [[nodiscard]] bool writing() const {
    return connection->write_pending() && (held.empty() || connection->acknowledges_parts());
  }

  const SessionConfig config;
  std::deque<uint64_t> held;  // ingest numbers of the messages read and not released
  bool up = false;
  bool session_present = false;
  std::optional<MonoTime> subscribe_deadline;
  std::string refusal;
  Progress progress;  // of the call that runs
  Instant read_at;
  uint64_t read_seq = 0;
  int64_t bytes_read = 0;
  std::unique_ptr<Link> connection;
};

Inbound::Inbound(BrokerAddress address, SessionConfig config)
    : state_(std::make_unique<State>(std::move(address), std::move(config))) {}

Inbound::~Inbound() = default;

Status Inbound::Connect(const Instant& now) {
  state_->Reset();
  state_->subscribe_deadline.reset();
  return state_->connection->Open(now);
}

int Inbound::fd() const {
  return state_->connection->fd();
}

bool Inbound::wants_read() const {
  // Until the CONNACK nothing can come that would be acknowledged, and TLS has to read.
  return !closed() && (!state_->connection->connected() || releases_parts() || !state_->writing());
}

bool Inbound::wants_write() const {
  return state_->writing();
}

Inbound::Progress Inbound::OnReadable(const Instant& now, int messages_max, int64_t bytes_max,
                                      uint64_t& ingest_seq) {
  State& state = *state_;
  if (!wants_read()) {
    return {};
  }
  state.read_at = now;
  state.read_seq = ingest_seq;
  state.bytes_read = 0;
  Status status = Ok{};
  bool more = true;
  while (more) {
    status = state.connection->Read(now);
    if (status.ok()) {
      status = state.CloseRefused();
    }
    if (status.ok()) {
      status = state.WriteOwn(now);
    }
    more = status.ok() && wants_read() && state.connection->read_pending() &&
           static_cast<int>(state.progress.messages.size()) < messages_max &&
           state.bytes_read < bytes_max;
  }
  ingest_seq = state.read_seq;
  return state.Take(status);
}

Inbound::Progress Inbound::OnWritable(const Instant& now) {
  if (closed()) {
    return {};
  }
  return state_->Take(state_->WriteOwn(now));
}

Inbound::Progress Inbound::OnSecond(const Instant& now) {
  State& state = *state_;
  if (closed() || !state.held.empty() || flushing()) {
    state.subscribe_deadline.reset();
    return {};
  }
  Status status = state.connection->OnSecond(now);
  if (status.ok() && state.connection->connected() && !state.up) {
    if (!state.subscribe_deadline) {
      state.subscribe_deadline = now.mono + state.config.connect_timeout;
    } else if (now.mono >= *state.subscribe_deadline) {
      state.connection->Shut();
      status = Error{Errc::kTimeout, "the broker does not answer our SUBSCRIBE"};
    }
  }
  return state.Take(status);
}

Inbound::Progress Inbound::Release(const Instant& now, uint64_t through) {
  std::deque<uint64_t>& held = state_->held;
  const auto end = std::ranges::upper_bound(held, through);
  if (closed() || (end != held.end() && !releases_parts())) {
    return {};
  }
  const auto count = static_cast<size_t>(end - held.begin());
  held.erase(held.begin(), end);
  state_->connection->Acknowledge(count);
  return state_->Take(state_->WriteOwn(now));
}

bool Inbound::releases_parts() const {
  return state_->connection->acknowledges_parts();
}

bool Inbound::buffered() const {
  return wants_read() && state_->connection->buffered();
}

int Inbound::held() const {
  return static_cast<int>(state_->held.size());
}

bool Inbound::flushing() const {
  return state_->connection->connected() && state_->writing();
}

bool Inbound::up() const {
  return state_->up;
}

bool Inbound::closed() const {
  return state_->connection->closed();
}

void Inbound::Drop() {
  state_->connection->Shut();
  state_->Reset();
}

void Inbound::Close() {
  CHECK(state_->held.empty());
  state_->connection->Disconnect();
  state_->Reset();
}

}  // namespace printfleet::mqtt
