#include "http/server.h"

#include <civetweb.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <future>
#include <map>
#include <string_view>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"

namespace printfleet::http {
namespace {

// Limits of one connection. A scrape of 10 MB must fit into the time on a slow network.
constexpr char kRequestTimeoutMs[] = "20000";
constexpr char kRequestBytesMax[] = "8192";
constexpr char kConnectionsQueued[] = "64";
constexpr size_t kLogTextBytesMax = 500;
constexpr int kKnocks = 5;
constexpr milliseconds kKnockWait{20};

void StartLibrary() {
  static const unsigned features = mg_init_library(0);
  (void)features;  // we ask for none
}

std::string AddressText(const std::string& address, uint16_t port) {
  const bool ipv6 = address.find(':') != std::string::npos;
  return (ipv6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

// civetweb knows no host names in listening_ports; "localhost" is the one that people write.
std::string ListenAddress(const settings::HttpListener& listener) {
  return listener.address == "localhost" ? "127.0.0.1" : listener.address;
}

// Makes the accepting thread look up: one connection to ourselves, opened and closed.
void Knock(const std::string& address, uint16_t port) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    return;
  }
  const int file = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (file >= 0) {
    (void)connect(file, found->ai_addr, found->ai_addrlen);
    close(file);
  }
  freeaddrinfo(found);
}

Error ListenError(const settings::HttpListener& listener, const std::string& said) {
  const std::string where = "http listener " + AddressText(listener.address, listener.port) + ": ";
  if (said.find("Address already in use") != std::string::npos) {
    return {Errc::kConflict,
            where + "the port is taken by another program; choose another in http.listeners"};
  }
  if (said.find("Cannot assign requested address") != std::string::npos) {
    return {Errc::kInvalid, where + "this machine does not have that address"};
  }
  if (said.find("Permission denied") != std::string::npos) {
    return {Errc::kInvalid, where + "ports below 1024 need a privilege; choose a higher one"};
  }
  return {Errc::kInvalid, where + (said.empty() ? "cannot listen" : said)};
}

}  // namespace

// One civetweb context. Its callbacks run on civetweb's threads.
class Server::Listener {
 public:
  Listener(const settings::HttpListener& listener, std::vector<Route> routes)
      : settings_(listener) {
    for (Route& route : routes) {
      std::string path = route.path;
      routes_.emplace(std::move(path), std::make_unique<Entry>(std::move(route)));
    }
  }

  // mg_stop waits for the accepting thread, which looks at its flag only every 2 s, or when
  // somebody connects: so we do, a few times, since the flag has to be set before.
  ~Listener() {
    if (context_ == nullptr) {
      return;
    }
    std::promise<void> stopped;
    std::thread stopper([this, &stopped] {
      mg_stop(context_);
      stopped.set_value();
    });
    std::future<void> done = stopped.get_future();
    for (int knocks = 0; knocks < kKnocks; ++knocks) {
      Knock(ListenAddress(settings_), port_);
      if (done.wait_for(kKnockWait) == std::future_status::ready) {
        break;
      }
    }
    stopper.join();
  }

  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  Status Start(int worker_threads) {
    const std::string listen = AddressText(ListenAddress(settings_), settings_.port);
    const std::string threads = std::to_string(std::max(worker_threads, 1));
    std::array<const char*, 15> options = {"listening_ports",
                                           listen.c_str(),
                                           "num_threads",
                                           threads.c_str(),
                                           "request_timeout_ms",
                                           kRequestTimeoutMs,
                                           "max_request_size",
                                           kRequestBytesMax,
                                           "connection_queue",
                                           kConnectionsQueued,
                                           "enable_keep_alive",
                                           "no",
                                           "enable_directory_listing",
                                           "no",
                                           nullptr};
    mg_callbacks callbacks{};
    callbacks.log_message = &OnLog;
    callbacks.begin_request = &OnRequest;
    std::array<char, kLogTextBytesMax> text{};
    mg_error_data error{nullptr, text.data(), text.size()};
    mg_init_data init{&callbacks, this, options.data()};
    context_ = mg_start2(&init, &error);
    starting_ = false;
    if (context_ == nullptr) {
      return ListenError(settings_, start_log_.empty() ? text.data() : start_log_);
    }
    mg_server_port port{};
    CHECK(mg_get_server_ports(context_, 1, &port) == 1);
    port_ = static_cast<uint16_t>(port.port);
    return Ok{};
  }

  [[nodiscard]] const std::string& address() const { return settings_.address; }

  [[nodiscard]] uint16_t port() const { return port_; }

 private:
  struct Entry {
    explicit Entry(Route its_route) : route(std::move(its_route)) {}

    Route route;
    std::atomic<int> running{0};
  };

  static int OnLog(const mg_connection* connection, const char* message) {
    const mg_context* context = mg_get_context(connection);
    auto* self = context != nullptr ? static_cast<Listener*>(mg_get_user_data(context)) : nullptr;
    if (self != nullptr && self->starting_) {
      self->start_log_ += PrintableText(message, kLogTextBytesMax) + " ";
    } else {
      // What clients do wrong is theirs, not the operator's.
      LogDebug("http", PrintableText(message, kLogTextBytesMax));
    }
    return 1;
  }

  static int OnRequest(mg_connection* connection) {
    auto* self = static_cast<Listener*>(mg_get_user_data(mg_get_context(connection)));
    const mg_request_info* info = mg_get_request_info(connection);
    const std::string_view method = info->request_method;
    const bool head = method == "HEAD";
    const Request request{head, info->local_uri != nullptr ? info->local_uri : "",
                          info->query_string != nullptr ? info->query_string : ""};
    const Answer answer = method == "GET" || head
                              ? self->Serve(request)
                              : ErrorAnswer(405, "only GET and HEAD are served here");
    Send(connection, answer, head);
    return answer.status;  // not 0: the request is done
  }

  // Never throws: a thread of civetweb is C.
  Answer Serve(const Request& request) {
    const auto found = routes_.find(request.path);
    if (found == routes_.end()) {
      return ErrorAnswer(404, "there is nothing at this path; see /");
    }
    Entry& entry = *found->second;
    const int running = ++entry.running;
    Answer answer;
    if (entry.route.concurrent_max > 0 && running > entry.route.concurrent_max) {
      answer = ErrorAnswer(503, "too many requests for this path at a time; try again");
    } else {
      try {
        answer = entry.route.handler(request);
      } catch (const std::exception& failure) {
        LogError("http", "page failed", {{"path", entry.route.path}, {"error", failure.what()}});
        answer = ErrorAnswer(500, "internal error; see the log");
      }
    }
    --entry.running;
    return answer;
  }

  static void Send(mg_connection* connection, const Answer& answer, bool head) {
    std::string start = "HTTP/1.1 " + std::to_string(answer.status) + " " +
                        mg_get_response_code_text(connection, answer.status) + "\r\n";
    start += "Content-Type: " + answer.content_type + "\r\n";
    start += "Content-Length: " + std::to_string(answer.body.size()) + "\r\n";
    start += "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n";
    if (answer.status == 405) {
      start += "Allow: GET, HEAD\r\n";
    }
    start += "\r\n";
    if (mg_write(connection, start.data(), start.size()) > 0 && !head) {
      mg_write(connection, answer.body.data(), answer.body.size());
    }
  }

  const settings::HttpListener settings_;
  std::map<std::string, std::unique_ptr<Entry>, std::less<>> routes_;
  std::atomic<bool> starting_{true};
  std::string start_log_;  // written while starting_, by the thread that starts
  mg_context* context_ = nullptr;
  uint16_t port_ = 0;
};

Server::Server() = default;

Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::Start(const settings::Http& settings, const Pages& pages) {
  StartLibrary();
  std::unique_ptr<Server> server(new Server());  // NOLINT(cppcoreguidelines-owning-memory)
  for (const settings::HttpListener& listener : settings.listeners) {
    auto made = std::make_unique<Listener>(listener, MakeRoutes(pages, listener.serve_metrics));
    const Status started = made->Start(settings.worker_threads);
    if (!started.ok()) {
      return started.error();
    }
    server->listeners_.push_back(std::move(made));
  }
  return server;
}

std::vector<std::string> Server::addresses() const {
  std::vector<std::string> addresses;
  for (const auto& listener : listeners_) {
    addresses.push_back(AddressText(listener->address(), listener->port()));
  }
  return addresses;
}

std::vector<uint16_t> Server::ports() const {
  std::vector<uint16_t> ports;
  for (const auto& listener : listeners_) {
    ports.push_back(listener->port());
  }
  return ports;
}

}  // namespace printfleet::http
