#include "cli/client.h"

#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <deque>
#include <utility>

#include "cli/request.h"

namespace printfleet::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kAnswerTime{10};   // of the broker, to CONNECT, SUBSCRIBE and PUBLISH
constexpr milliseconds kTurn{1000};  // keep-alive is looked after this often
constexpr int kKeepaliveS = 30;
constexpr int kDenied = 0x80;  // MQTT 5 reason codes from here on are refusals
constexpr size_t kMessagesMax = 100000;

int BlockedSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);

  struct sigaction hang_up {};

  if (sigaction(SIGHUP, nullptr, &hang_up) == 0 && hang_up.sa_handler != SIG_IGN) {
    sigaddset(&signals, SIGHUP);  // not under nohup
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

}  // namespace

struct Client::State {
  mosquitto* handle = nullptr;
  int signal_fd = -1;
  std::string where;
  std::optional<int> connect_code;
  std::optional<int> subscribe_code;
  std::optional<int> publish_code;
  int publish_mid = 0;
  int subscribe_mid = 0;
  bool interrupted = false;
  std::deque<Incoming> messages;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  ~State() {
    if (handle != nullptr) {
      mosquitto_disconnect(handle);
      mosquitto_destroy(handle);
      mosquitto_lib_cleanup();
    }
    if (signal_fd >= 0) {
      close(signal_fd);
    }
  }

  Error Gone(const std::string& why) const { return Error{Errc::kUnavailable, where + ": " + why}; }

  // Waits for the socket or a signal for at most a turn, and lets the library work.
  Status Turn(SteadyTime deadline);
  // Turns until `code` is there.
  Result<int> Await(const std::optional<int>& code, const std::string& what);
  void SetCallbacks() const;
  Status SetLogin(const BrokerAddress& broker) const;
};

Status Client::State::Turn(SteadyTime deadline) {
  const int socket = mosquitto_socket(handle);
  if (socket < 0) {
    return Gone("the connection is lost");
  }
  const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
  const auto wait = std::clamp(left, milliseconds(0), kTurn);
  const bool writes = mosquitto_want_write(handle);
  pollfd fds[2] = {{socket, static_cast<short>(writes ? POLLIN | POLLOUT : POLLIN), 0},
                   {signal_fd, POLLIN, 0}};
  if (poll(fds, 2, static_cast<int>(wait.count())) < 0 && errno != EINTR) {
    return Gone(std::strerror(errno));  // NOLINT(concurrency-mt-unsafe)
  }
  if ((fds[1].revents & POLLIN) != 0) {
    signalfd_siginfo info{};
    interrupted = read(signal_fd, &info, sizeof info) > 0 || interrupted;
  }
  int code = MOSQ_ERR_SUCCESS;
  if ((fds[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
    code = mosquitto_loop_read(handle, 1);
  }
  if (code == MOSQ_ERR_SUCCESS && (fds[0].revents & POLLOUT) != 0) {
    code = mosquitto_loop_write(handle, 1);
  }
  if (code == MOSQ_ERR_SUCCESS) {
    code = mosquitto_loop_misc(handle);
  }
  if (code != MOSQ_ERR_SUCCESS) {
    return Gone(std::string("the connection is lost: ") + mosquitto_strerror(code));
  }
  return Ok{};
}

Result<int> Client::State::Await(const std::optional<int>& code, const std::string& what) {
  const auto deadline = std::chrono::steady_clock::now() + kAnswerTime;
  while (!code) {
    if (auto status = Turn(deadline); !status.ok()) {
      return code ? Result<int>(*code) : status.error();
    }
    if (interrupted) {
      return Gone("interrupted");
    }
    if (!code && std::chrono::steady_clock::now() >= deadline) {
      return Gone("the broker does not answer " + what);
    }
  }
  return *code;
}

void Client::State::SetCallbacks() const {
  mosquitto_connect_v5_callback_set(
      handle, [](mosquitto*, void* object, int code, int, const mosquitto_property*) {
        static_cast<State*>(object)->connect_code = code;
      });
  mosquitto_subscribe_callback_set(
      handle, [](mosquitto*, void* object, int mid, int count, const int* granted) {
        auto* self = static_cast<State*>(object);
        if (mid == self->subscribe_mid) {
          self->subscribe_code = count > 0 ? granted[0] : kDenied;
        }
      });
  mosquitto_publish_v5_callback_set(
      handle, [](mosquitto*, void* object, int mid, int code, const mosquitto_property*) {
        auto* self = static_cast<State*>(object);
        if (mid == self->publish_mid) {
          self->publish_code = code;
        }
      });
  mosquitto_message_callback_set(
      handle, [](mosquitto*, void* object, const mosquitto_message* message) {
        auto* self = static_cast<State*>(object);
        if (self->messages.size() < kMessagesMax) {
          self->messages.push_back({message->topic,
                                    std::string(static_cast<const char*>(message->payload),
                                                static_cast<size_t>(message->payloadlen)),
                                    message->retain, message->qos});
        }
      });
}

Status Client::State::SetLogin(const BrokerAddress& broker) const {
  if (!broker.user.empty()) {
    mosquitto_username_pw_set(handle, broker.user.c_str(),
                              broker.password.empty() ? nullptr : broker.password.c_str());
  }
  if (broker.tls) {
    const bool own = !broker.ca_file.empty();
    const int code = mosquitto_tls_set(handle, own ? broker.ca_file.c_str() : nullptr,
                                       own ? nullptr : "/etc/ssl/certs", nullptr, nullptr, nullptr);
    if (code != MOSQ_ERR_SUCCESS) {
      return Gone(std::string("TLS: ") + mosquitto_strerror(code) + " " + broker.ca_file);
    }
  }
  return Ok{};
}

Client::Client(std::unique_ptr<State> state) : state_(std::move(state)) {}

Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::Connect(const BrokerAddress& broker) {
  auto state = std::make_unique<State>();
  state->where = broker.Text();
  mosquitto_lib_init();
  const std::string client_id = "printfleet-cli-" + NewUuid();
  state->handle = mosquitto_new(client_id.c_str(), true, state.get());
  if (state->handle == nullptr) {
    return state->Gone("no memory for a connection");
  }
  mosquitto* handle = state->handle;
  mosquitto_int_option(handle, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
  if (auto status = state->SetLogin(broker); !status.ok()) {
    return status.error();
  }
  state->SetCallbacks();
  const int code = mosquitto_connect_bind_v5(handle, broker.host.c_str(), broker.port, kKeepaliveS,
                                             nullptr, nullptr);
  if (code != MOSQ_ERR_SUCCESS) {
    return state->Gone(code == MOSQ_ERR_ERRNO ? std::strerror(errno)  // NOLINT
                                              : mosquitto_strerror(code));
  }
  state->signal_fd = BlockedSignals();  // not before: Ctrl-C ends a connect that takes minutes
  const auto connected = state->Await(state->connect_code, "CONNECT");
  if (!connected.ok()) {
    return connected.error();
  }
  if (*connected != 0) {
    return state->Gone(std::string("refuses the login: ") + mosquitto_reason_string(*connected));
  }
  return std::unique_ptr<Client>(new Client(std::move(state)));  // NOLINT(owning-memory)
}

Status Client::Subscribe(const std::string& filter, const SubscribeOptions& options) {
  state_->subscribe_code.reset();
  const int flags = options.retain_as_published ? MQTT_SUB_OPT_RETAIN_AS_PUBLISHED : 0;
  const int code = mosquitto_subscribe_v5(state_->handle, &state_->subscribe_mid, filter.c_str(),
                                          options.qos, flags, nullptr);
  if (code != MOSQ_ERR_SUCCESS) {
    return state_->Gone(filter + ": " + mosquitto_strerror(code));
  }
  const auto answer = state_->Await(state_->subscribe_code, "SUBSCRIBE");
  if (!answer.ok()) {
    return answer.error();
  }
  if (*answer >= kDenied) {
    return Error{Errc::kRejected, "the broker does not let us read " + filter};
  }
  return Ok{};
}

Status Client::Publish(const std::string& topic, const std::string& payload) {
  state_->publish_code.reset();
  const int code =
      mosquitto_publish_v5(state_->handle, &state_->publish_mid, topic.c_str(),
                           static_cast<int>(payload.size()), payload.data(), 1, false, nullptr);
  if (code != MOSQ_ERR_SUCCESS) {
    return state_->Gone(topic + ": " + mosquitto_strerror(code));
  }
  const auto answer = state_->Await(state_->publish_code, "PUBLISH");
  if (!answer.ok()) {
    return answer.error();
  }
  if (*answer >= kDenied) {
    return Error{Errc::kRejected, "the broker does not let us publish to " + topic + ": " +
                                      mosquitto_reason_string(*answer)};
  }
  return Ok{};
}

bool Client::interrupted() const {
  return state_->interrupted;
}

Result<Waited> Client::Next(SteadyTime deadline) {
  while (true) {
    if (!state_->messages.empty()) {
      Waited waited{std::move(state_->messages.front()), false};
      state_->messages.pop_front();
      return waited;
    }
    if (std::exchange(state_->interrupted, false)) {
      return Waited{std::nullopt, true};
    }
    const bool late = std::chrono::steady_clock::now() >= deadline;
    if (auto status = state_->Turn(deadline); !status.ok() && state_->messages.empty()) {
      return status.error();
    }
    if (late && state_->messages.empty()) {
      return Waited{};
    }
  }
}

}  // namespace printfleet::cli
