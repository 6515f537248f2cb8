#include "cli/upload.h"

#include <curl/curl.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <system_error>

namespace printfleet::cli {
namespace {

constexpr size_t kAnswerBytesMax = 1 << 20;
constexpr long kConnectTimeoutS = 10;
// The server has written the file and waits for its disk and its database.
constexpr long kStallTimeoutS = 120;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

struct FreeCurl {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }

  void operator()(curl_slist* list) const { curl_slist_free_all(list); }

  void operator()(char* text) const { curl_free(text); }
};

// SIGINT, SIGTERM and SIGHUP wait while this lives, and are asked for.
class Signals {
 public:
  Signals() {
    sigemptyset(&ending_);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
      sigaddset(&ending_, signal);
    }
    pthread_sigmask(SIG_BLOCK, &ending_, &before_);
  }

  ~Signals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  bool Came() {
    const timespec now{};
    came_ = came_ || sigtimedwait(&ending_, nullptr, &now) > 0;
    return came_;
  }

 private:
  sigset_t ending_{};
  sigset_t before_{};
  bool came_ = false;
};

struct Transfer {
  std::FILE* file = nullptr;
  int64_t size = 0;
  Signals signals;
  const OnProgress* on_progress = nullptr;
  Uploaded uploaded;
};

size_t ReadPiece(char* buffer, size_t size, size_t count, void* data) {
  auto* transfer = static_cast<Transfer*>(data);
  const size_t got = std::fread(buffer, size, count, transfer->file);
  return std::ferror(transfer->file) != 0 ? CURL_READFUNC_ABORT : got;
}

size_t TakeAnswer(const char* bytes, size_t size, size_t count, void* data) {
  std::string& body = static_cast<Transfer*>(data)->uploaded.body;
  if (body.size() + size * count > kAnswerBytesMax) {
    return 0;
  }
  body.append(bytes, size * count);
  return size * count;
}

// Called often, also while nothing moves.
int OnTick(void* data, curl_off_t /*down_total*/, curl_off_t /*down*/, curl_off_t /*up_total*/,
           curl_off_t up) {
  auto* transfer = static_cast<Transfer*>(data);
  (*transfer->on_progress)(up, transfer->size);
  return transfer->signals.Came() ? 1 : 0;
}

Error Unreadable(const std::string& file, int number) {
  return {Errc::kInvalid, file + ": " + std::generic_category().message(number)};
}

Error Failed(CURLcode code, const UploadTarget& target, const char* said) {
  const std::string why = *said != '\0' ? said : curl_easy_strerror(code);
  const bool wrong = code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ||
                     code == CURLE_SSL_CACERT_BADFILE || code == CURLE_ABORTED_BY_CALLBACK;
  return {wrong ? Errc::kInvalid : Errc::kUnavailable, target.url + ": " + why};
}

void SetOptions(CURL* curl, const UploadTarget& target, Transfer& transfer) {
  curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, curl_off_t{transfer.size});
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, &ReadPiece);
  curl_easy_setopt(curl, CURLOPT_READDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &TakeAnswer);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &OnTick);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_PROXY, "");  // the farm is in the house
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectTimeoutS);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, kStallTimeoutS);
  if (!target.ca_file.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, target.ca_file.c_str());
  }
}

}  // namespace

Result<Uploaded> UploadFile(const UploadTarget& target, const std::string& file,
                            const OnProgress& on_progress) {
  const std::unique_ptr<std::FILE, CloseFile> opened(std::fopen(file.c_str(), "rbe"));

  struct stat status {};

  if (opened == nullptr || fstat(fileno(opened.get()), &status) != 0) {
    return Unreadable(file, errno);
  }
  if (!S_ISREG(status.st_mode)) {
    return Error{Errc::kInvalid, file + ": is no file"};
  }
  curl_global_init(CURL_GLOBAL_DEFAULT);  // counted; at most once a process does something
  const std::unique_ptr<CURL, FreeCurl> curl(curl_easy_init());
  const std::string name = std::filesystem::path(file).filename().string();
  const std::unique_ptr<char, FreeCurl> escaped(
      curl_easy_escape(curl.get(), name.c_str(), static_cast<int>(name.size())));
  const std::unique_ptr<curl_slist, FreeCurl> headers(
      curl_slist_append(nullptr, ("X-Api-Key: " + target.key).c_str()));
  if (curl == nullptr || escaped == nullptr || headers == nullptr) {
    return Error{Errc::kInternal, "libcurl has no memory"};
  }
  Transfer transfer;
  transfer.file = opened.get();
  transfer.size = status.st_size;
  transfer.on_progress = &on_progress;
  std::string said(CURL_ERROR_SIZE, '\0');
  curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, said.data());
  curl_easy_setopt(curl.get(), CURLOPT_URL, (target.url + "/library/" + escaped.get()).c_str());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  SetOptions(curl.get(), target, transfer);
  const CURLcode code = curl_easy_perform(curl.get());
  if (transfer.signals.Came()) {
    transfer.uploaded.interrupted = true;
    return transfer.uploaded;
  }
  if (std::ferror(opened.get()) != 0) {
    return Error{Errc::kInvalid, file + ": could not be read to its end"};
  }
  long answered = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &answered);
  constexpr long kFirstFinal = 200;  // below: "100 Continue" only
  // A server that refuses may close before it has read everything: its answer counts.
  if (code != CURLE_OK && (answered < kFirstFinal || transfer.uploaded.body.empty())) {
    return Failed(code, target, said.c_str());
  }
  transfer.uploaded.status = static_cast<int>(answered);
  return transfer.uploaded;
}

}  // namespace printfleet::cli
