#include "http/listener.h"

#include <civetweb.h>
#include <netdb.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <exception>
#include <future>
#include <string_view>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "http/exchange.h"

namespace printfleet::http {
namespace {

// Limits of one connection.
constexpr char kRequestBytesMax[] = "8192";
constexpr char kConnectionsQueued[] = "64";
constexpr size_t kLogTextBytesMax = 500;
constexpr char kRetryAfterS[] = "10";
// Who looks on or downloads waits for who works: the reports' road is ahead of all pages. What a
// nice of 10 leaves to a thread where no core is free is a tenth of a working thread's share
// [sched(7)].
constexpr int kNice = 10;
constexpr int kKnocks = 5;
constexpr milliseconds kKnockWait{20};

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

// Never throws: a thread of civetweb is C.
Answer Ask(const Route& route, const Request& request) {
  try {
    return route.handler(request);
  } catch (const std::exception& failure) {
    LogError("http", "page failed", {{"path", route.path}, {"error", failure.what()}});
    return ErrorAnswer(500, "internal error; see the log");
  }
}

}  // namespace

std::string AddressText(const std::string& address, uint16_t port) {
  const bool ipv6 = address.find(':') != std::string::npos;
  return (ipv6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

// Counts a request against the limits of its route and of its load, from the handler's call to the
// last byte of the answer (of a page: to its last piece).
class Listener::Admission {
 public:
  Admission(Listener& listener, Entry& entry, bool head)
      : entry_(entry), load_(head ? Load::kPage : entry.route.load) {
    Traffic& traffic = listener.shared_.traffic;
    const settings::Http& limits = listener.shared_.settings;
    const int max = entry.route.concurrent_max;
    granted_ = ++entry_.running <= max || max == 0;
    if (load_ == Load::kDownload) {
      Count(listener.downloads_, limits.streams_max, traffic.downloads_active);
    } else if (load_ == Load::kUpload) {
      Count(listener.uploads_, limits.uploads_max, traffic.uploads_active);
    }
    traffic.refused_busy += granted_ ? 0 : 1;
  }

  ~Admission() { End(); }

  // Before its end, too: the request counts no more.
  void End() {
    if (std::exchange(ended_, true)) {
      return;
    }
    --entry_.running;
    if (counter_ != nullptr) {
      --*counter_;
    }
    if (active_ != nullptr) {
      --*active_;
    }
  }

  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  [[nodiscard]] bool granted() const { return granted_; }

  [[nodiscard]] Load load() const { return load_; }

 private:
  void Count(std::atomic<int>& counter, int max, std::atomic<int64_t>& active) {
    counter_ = &counter;
    granted_ = ++counter <= max && granted_;
    if (granted_) {
      active_ = &active;
      ++active;
    }
  }

  Entry& entry_;
  const Load load_;
  std::atomic<int>* counter_ = nullptr;
  std::atomic<int64_t>* active_ = nullptr;  // for metrics: without the refused
  bool granted_ = false;
  bool ended_ = false;
};

Listener::Listener(const settings::HttpListener& settings, std::vector<Route> routes,
                   Shared& shared)
    : settings_(settings), shared_(shared) {
  for (Route& route : routes) {
    entries_.push_back(std::make_unique<Entry>(std::move(route)));
  }
}

// mg_stop waits for the accepting thread, which looks at its flag only every 2 s, or when
// somebody connects: so we do, a few times, since the flag has to be set before.
Listener::~Listener() {
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

Status Listener::Start() {
  // A thread waits with its client: so there is one for each download and upload that is let in,
  // and the pages' own are always left.
  const settings::Http& http = shared_.settings;
  int threads = std::max(http.worker_threads, 1);
  for (const auto& [load, more] :
       {std::pair{Load::kDownload, http.streams_max}, std::pair{Load::kUpload, http.uploads_max}}) {
    const bool served = std::any_of(entries_.begin(), entries_.end(),
                                    [load = load](const auto& e) { return e->route.load == load; });
    threads += served ? more : 0;
  }
  const std::string listen = AddressText(ListenAddress(settings_), settings_.port);
  const std::string threads_text = std::to_string(threads);
  const std::string timeout =
      std::to_string(std::chrono::duration_cast<milliseconds>(http.stall_timeout).count());
  std::array<const char*, 15> options = {"listening_ports",
                                         listen.c_str(),
                                         "num_threads",
                                         threads_text.c_str(),
                                         "request_timeout_ms",  // without any progress
                                         timeout.c_str(),
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
  callbacks.init_thread = &OnThread;
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

void* Listener::OnThread(const mg_context* /*context*/, int /*kind*/) {
  setpriority(PRIO_PROCESS, 0, kNice);  // of this thread alone, as Linux has it [setpriority(2)]
  return nullptr;
}

int Listener::OnLog(const mg_connection* connection, const char* message) {
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

int Listener::OnRequest(mg_connection* connection) {
  auto* self = static_cast<Listener*>(mg_get_user_data(mg_get_context(connection)));
  return self->Serve(connection);  // not 0: the request is done
}

Listener::Entry* Listener::Find(const Request& request, std::string& allow) const {
  // The exact path, else the longest prefix.
  std::string_view best;
  for (const auto& entry : entries_) {
    const Route& route = entry->route;
    const bool fits =
        route.prefix ? request.path.starts_with(route.path) : request.path == route.path;
    if (fits && route.path.size() > best.size()) {
      best = route.path;
    }
  }
  const std::string_view method = request.head ? "GET" : request.method;
  for (const auto& entry : entries_) {
    if (best.empty() || entry->route.path != best) {
      continue;
    }
    if (entry->route.method == method) {
      return entry.get();
    }
    allow += (allow.empty() ? "" : ", ") + entry->route.method;
    allow += entry->route.method == "GET" ? ", HEAD" : "";
  }
  return nullptr;
}

int Listener::Serve(mg_connection* connection) {
  Exchange exchange(connection, shared_.traffic);
  const auto send = [&](const Answer& answer) {
    return exchange.Send(answer, shared_.brake, shared_.settings.stream_bytes_per_second_max);
  };
  std::string allow;
  Entry* entry = Find(exchange.request(), allow);
  if (entry == nullptr) {
    Answer answer = allow.empty() ? ErrorAnswer(404, "there is nothing at this path; see /")
                                  : ErrorAnswer(405, "this path is served by " + allow + " only");
    if (!allow.empty()) {
      answer.headers.emplace_back("Allow", allow);
    }
    send(answer);
    return answer.status;
  }
  Admission admission(*this, *entry, exchange.request().head);
  if (!admission.granted()) {
    Answer busy = ErrorAnswer(503, "too many requests for this path at a time; try again");
    busy.headers.emplace_back("Retry-After", kRetryAfterS);
    send(busy);
    return busy.status;
  }
  if (admission.load() == Load::kUpload) {
    const Answer answer = Ask(entry->route, exchange.WithBody());
    CountUploadAnswer(shared_.traffic, answer.status);
    send(answer);
    exchange.Drain();
    return answer.status;
  }
  Answer answer = Ask(entry->route, exchange.request());
  const int status = answer.status;
  if (answer.source == nullptr) {
    exchange.SendPage(std::move(answer), [&admission] { admission.End(); });
  } else if (const bool sent = send(answer); !exchange.request().head) {
    ++(sent ? shared_.traffic.downloads : shared_.traffic.downloads_broken);
  }
  return status;
}

}  // namespace printfleet::http
