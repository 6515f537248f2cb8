#include "notify/sender.h"

#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>
#include <utility>

#include "base/event_fd.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "notify/render.h"

namespace printfleet::notify {
namespace {

constexpr int kPollMs = 1000;
constexpr long kConnectionsMax = 64;
constexpr size_t kAnswerBytesMax = 64 << 10;  // nobody reads it
constexpr const char* kUserAgent = "printfleet/" PRINTFLEET_VERSION;

// One attempt under way.
struct Attempt {
  core::Notify notify;
  std::string body;
  curl_slist* headers = nullptr;
  CURL* handle = nullptr;
  size_t answer_bytes = 0;

  Attempt() = default;
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  ~Attempt() {
    curl_slist_free_all(headers);
    curl_easy_cleanup(handle);
  }
};

size_t DiscardAnswer(const char* /*bytes*/, size_t size, size_t count, void* attempt) {
  auto& read = static_cast<Attempt*>(attempt)->answer_bytes;
  read += size * count;
  return read > kAnswerBytesMax ? 0 : size * count;  // 0: breaks off
}

// False when out of memory or not understood by this libcurl.
bool Prepare(Attempt& attempt, const Address& address) {
  Rendered rendered = Render(address.form, attempt.notify.message);
  attempt.body = std::move(rendered.body);
  using Lines = std::vector<std::string>;
  for (const Lines* lines :
       std::initializer_list<const Lines*>{&rendered.headers, &address.headers}) {
    for (const std::string& line : *lines) {
      curl_slist* longer = curl_slist_append(attempt.headers, line.c_str());
      if (longer == nullptr) {
        return false;
      }
      attempt.headers = longer;
    }
  }
  CURL* handle = attempt.handle = curl_easy_init();
  const auto set = [handle](CURLoption option, auto value) {
    return curl_easy_setopt(handle, option, value) == CURLE_OK;
  };
  return handle != nullptr && set(CURLOPT_URL, address.url.c_str()) &&
         set(CURLOPT_PROTOCOLS_STR, "http,https") && set(CURLOPT_FOLLOWLOCATION, 0L) &&
         set(CURLOPT_POST, 1L) && set(CURLOPT_POSTFIELDS, attempt.body.c_str()) &&
         set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(attempt.body.size())) &&
         set(CURLOPT_HTTPHEADER, attempt.headers) && set(CURLOPT_USERAGENT, kUserAgent) &&
         set(CURLOPT_TIMEOUT_MS, static_cast<long>(address.timeout.count())) &&
         set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(address.timeout.count())) &&
         set(CURLOPT_NOSIGNAL, 1L) && set(CURLOPT_WRITEFUNCTION, DiscardAnswer) &&
         set(CURLOPT_WRITEDATA, &attempt) && set(CURLOPT_PRIVATE, &attempt);
}

core::Notified ResultOf(CURL* handle, CURLcode code) {
  long status = 0;
  curl_off_t retry_after = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &retry_after);
  const bool answered = code == CURLE_OK || (code == CURLE_WRITE_ERROR && status != 0);
  if (answered) {
    return Verdict(status, seconds(retry_after));
  }
  core::Notified notified;
  notified.error = curl_easy_strerror(code);
  notified.permanent = code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL;
  return notified;
}

}  // namespace

struct Sender::State {
  void Run();
  void Begin(core::Notify notify);
  void Finish();
  void Answer(const core::Notify& notify, core::Notified notified);

  std::map<std::string, Address> addresses;
  Mailbox<core::Notify> requests{kWaitingMax};
  Mailbox<core::Notified> events{2 * kWaitingMax};
  std::atomic<bool> stop = false;
  std::thread thread;

  // The thread's.
  CURLM* multi = nullptr;
  std::map<Attempt*, std::unique_ptr<Attempt>> attempts;
};

void Sender::State::Answer(const core::Notify& notify, core::Notified notified) {
  notified.id = notify.message.id;
  notified.direct = notify.direct;
  if (!notified.ok) {
    LogWarning("notify", notified.permanent ? "refused" : "not sent",
               {{"target", notify.message.target},
                {"notification_id", notify.message.id.value},
                {"attempt", notify.attempt},
                {"error", notified.error}});
  }
  // As many as were asked for at most: there is room.
  if (!events.Post(std::move(notified))) {
    LogError("notify", "an answer got lost", {{"target", notify.message.target}});
  }
}

void Sender::State::Begin(core::Notify notify) {
  auto attempt = std::make_unique<Attempt>();
  attempt->notify = std::move(notify);
  const auto address = addresses.find(attempt->notify.message.target);
  core::Notified failed;
  if (address == addresses.end()) {
    failed.permanent = true;
    failed.error = "no such target";
  } else if (!Prepare(*attempt, address->second) ||
             curl_multi_add_handle(multi, attempt->handle) != CURLM_OK) {
    failed.error = "the request could not be made";
  } else {
    Attempt* key = attempt.get();
    attempts.emplace(key, std::move(attempt));
    return;
  }
  Answer(attempt->notify, std::move(failed));
}

void Sender::State::Finish() {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg != CURLMSG_DONE) {
      continue;
    }
    CURL* handle = message->easy_handle;
    core::Notified notified = ResultOf(handle, message->data.result);
    void* key = nullptr;
    curl_easy_getinfo(handle, CURLINFO_PRIVATE, &key);
    curl_multi_remove_handle(multi, handle);
    const auto found = attempts.find(static_cast<Attempt*>(key));
    if (found != attempts.end()) {
      Answer(found->second->notify, std::move(notified));
      attempts.erase(found);
    }
  }
}

void Sender::State::Run() {
  multi = curl_multi_init();
  if (multi == nullptr) {
    LogError("notify", "libcurl cannot be used: nothing is sent");
  } else {
    curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, kConnectionsMax);
  }
  while (!stop && multi != nullptr) {
    for (core::Notify& notify : requests.TakeAll()) {
      Begin(std::move(notify));
    }
    int running = 0;
    curl_multi_perform(multi, &running);
    Finish();
    curl_waitfd wake{};
    wake.fd = requests.fd();
    wake.events = CURL_WAIT_POLLIN;
    curl_multi_poll(multi, &wake, 1, kPollMs, nullptr);
  }
  for (const auto& [key, attempt] : attempts) {
    curl_multi_remove_handle(multi, attempt->handle);
  }
  attempts.clear();
  curl_multi_cleanup(multi);
}

Sender::Sender(std::vector<Address> addresses) : state_(std::make_unique<State>()) {
  // Before any other thread of ours uses it.
  curl_global_init(CURL_GLOBAL_DEFAULT);
  for (Address& address : addresses) {
    std::string name = address.target;
    state_->addresses.emplace(std::move(name), std::move(address));
  }
  state_->thread = std::thread([state = state_.get()] { state->Run(); });
}

Sender::~Sender() {
  state_->stop = true;
  state_->requests.Close();
  state_->thread.join();
}

bool Sender::Send(core::Notify attempt) {
  return state_->requests.Post(std::move(attempt));
}

int Sender::event_fd() const {
  return state_->events.fd();
}

std::vector<core::Notified> Sender::TakeEvents() {
  return state_->events.TakeAll();
}

}  // namespace printfleet::notify
