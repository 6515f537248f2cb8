#include "bench/simulator/fetch.h"

#include <curl/curl.h>
#include <openssl/evp.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <utility>

namespace printfleet::simulator {
namespace {

constexpr int kProgressStepPct = 10;
constexpr long kConnectSeconds = 15;
constexpr long kStallSeconds = 60;

using DigestContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
using CurlHandle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

std::string Hex(const unsigned char* bytes, unsigned count) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < count; ++i) {
    text += kDigits[bytes[i] >> 4U];
    text += kDigits[bytes[i] & 15U];
  }
  return text;
}

std::string Lower(std::string text) {
  for (char& c : text) {
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return text;
}

}  // namespace

struct FetchPool::Transfer {
  FetchPool& pool;
  Task& task;
  DigestContext digest;
  std::int64_t bytes = 0;
  int percent = 0;
};

FetchPool::FetchPool(FetchOptions options)
    : options_(std::move(options)), event_fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  for (int i = 0; i < options_.threads; ++i) {
    threads_.emplace_back([this] { Run(); });
  }
}

FetchPool::~FetchPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto& task : running_) {
      task->cancelled = true;
    }
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) {
    thread.join();
  }
  close(event_fd_);
}

void FetchPool::Submit(std::size_t printer, const FetchOrder& order) {
  auto task = std::make_shared<Task>();
  task->printer = printer;
  task->order = order;
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(task));
  }
  wake_.notify_one();
}

void FetchPool::Cancel(std::size_t printer, std::uint64_t token) {
  const std::lock_guard lock(mutex_);
  const auto cancel = [&](const std::shared_ptr<Task>& task) {
    if (task->printer == printer && task->order.token == token) {
      task->cancelled = true;
    }
  };
  std::for_each(waiting_.begin(), waiting_.end(), cancel);
  std::for_each(running_.begin(), running_.end(), cancel);
}

std::vector<FetchEvent> FetchPool::Drain() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = read(event_fd_, &count, sizeof(count));
  const std::lock_guard lock(mutex_);
  return std::exchange(events_, {});
}

void FetchPool::Post(FetchEvent event) {
  {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t put = write(event_fd_, &one, sizeof(one));
}

void FetchPool::Run() {
  for (;;) {
    std::shared_ptr<Task> task;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) {
        return;
      }
      task = std::move(waiting_.front());
      waiting_.pop_front();
      running_.push_back(task);
    }
    Download(*task);
    const std::lock_guard lock(mutex_);
    running_.erase(std::find(running_.begin(), running_.end(), task));
  }
}

std::size_t FetchPool::OnBody(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::size_t length = size * count;
  const std::int64_t expected = transfer.task.order.size_bytes;
  transfer.bytes += static_cast<std::int64_t>(length);
  if (transfer.task.cancelled || transfer.bytes > expected) {
    return 0;  // libcurl gives up
  }
  EVP_DigestUpdate(transfer.digest.get(), data, length);
  const int percent = static_cast<int>(transfer.bytes * 100 / expected);
  if (percent >= transfer.percent + kProgressStepPct && percent < 100) {
    transfer.percent = percent - percent % kProgressStepPct;
    transfer.pool.Post({transfer.task.printer, transfer.task.order.token, false, transfer.percent,
                        FetchResult::kOk, 0, ""});
  }
  return length;
}

void FetchPool::Download(Task& task) {
  Transfer transfer{*this, task, DigestContext(EVP_MD_CTX_new(), &EVP_MD_CTX_free)};
  EVP_DigestInit_ex(transfer.digest.get(), EVP_md5(), nullptr);
  const CurlHandle curl(curl_easy_init(), &curl_easy_cleanup);
  curl_easy_setopt(curl.get(), CURLOPT_URL, task.order.url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, static_cast<long>(options_.timeout_s));
  curl_easy_setopt(curl.get(), CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_LOW_SPEED_TIME, kStallSeconds);
  curl_easy_setopt(curl.get(), CURLOPT_MAX_RECV_SPEED_LARGE,
                   static_cast<curl_off_t>(options_.bytes_per_s_max));
  if (!options_.ca_file.empty()) {
    curl_easy_setopt(curl.get(), CURLOPT_CAINFO, options_.ca_file.c_str());
  }
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &FetchPool::OnBody);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &transfer);
  const CURLcode code = task.cancelled ? CURLE_ABORTED_BY_CALLBACK : curl_easy_perform(curl.get());
  FetchEvent event{task.printer, task.order.token, true, 0, FetchResult::kOk, transfer.bytes, ""};
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned digest_length = 0;
  EVP_DigestFinal_ex(transfer.digest.get(), digest, &digest_length);
  if (code != CURLE_OK) {
    event.result = FetchResult::kDownloadFailed;
    event.message = curl_easy_strerror(code);
    if (transfer.bytes > task.order.size_bytes) {
      event.message = "longer than filesize";
    }
  } else if (transfer.bytes != task.order.size_bytes) {
    event.result = FetchResult::kDownloadFailed;
    event.message = "shorter than filesize";
  } else if (Hex(digest, digest_length) != Lower(task.order.md5)) {
    event.result = FetchResult::kMd5Failed;
    event.message = "md5 differs";
  }
  Post(std::move(event));
}

}  // namespace printfleet::simulator
