// printfleet files add: files by HTTP, since bulk bytes have no place in the broker.
#include <chrono>
#include <cstdlib>

#include "base/text.h"
#include "cli/broker_address.h"
#include "cli/conversation.h"
#include "cli/exit_code.h"
#include "cli/files.h"
#include "cli/output.h"
#include "cli/terminal.h"
#include "settings/load.h"
#include "settings/url.h"

namespace printfleet::cli {
namespace {

constexpr json::Limits kAnswerLimits{1 << 20, 16};
constexpr std::chrono::milliseconds kDrawInterval{200};
constexpr size_t kKeyBytesMax = 512;

Result<std::string> ReadKey(const std::string& chosen) {
  std::string file = chosen;
  if (file.empty()) {
    const char* named = std::getenv("PRINTFLEET_KEY_FILE");  // NOLINT(concurrency-mt-unsafe)
    file = named != nullptr ? named : "";
  }
  if (file.empty()) {
    return Error{Errc::kInvalid, "an API key is wanted: --key-file FILE, or $PRINTFLEET_KEY_FILE"};
  }
  const auto text = ReadFile(file);
  if (!text.ok()) {
    return text.error();
  }
  std::string key = text->substr(0, text->find_first_of("\r\n"));
  if (key.empty() || key.size() > kKeyBytesMax || PrintableText(key, kKeyBytesMax) != key) {
    return Error{Errc::kInvalid, file + ": its first line is no API key"};
  }
  return key;
}

Result<std::string> FindUrl(const FilesArguments& arguments) {
  if (!arguments.url.empty()) {
    const auto url = settings::ParseUrl(arguments.url);
    if (!url.ok() || (url->scheme != "http" && url->scheme != "https") || url->password) {
      return Error{Errc::kInvalid, "--url: expected http://host:port or https://host:port"};
    }
    return arguments.url.substr(0, arguments.url.find_last_not_of('/') + 1);
  }
  const auto config = FindConfig(arguments.connection.config);
  if (!config.ok()) {
    return Error{Errc::kInvalid, config.error().message + ", or --url http://host:port"};
  }
  const settings::Loaded loaded = settings::LoadFile(*config);
  if (!loaded.ok()) {
    return Error{Errc::kInvalid, loaded.problems.front().Text()};
  }
  return FilesUrl(loaded.settings);
}

// One line on a terminal, some times a second.
class Progress {
 public:
  explicit Progress(std::string name) : name_(std::move(name)) {}

  void Draw(int64_t sent, int64_t size) {
    const auto now = std::chrono::steady_clock::now();
    if (size == 0 || now - drawn_ < kDrawInterval || !CanRedraw()) {
      return;
    }
    drawn_ = now;
    constexpr int64_t kWhole = 100;
    screen_.Draw({name_ + "  " + std::to_string(sent * kWhole / size) + " %  " + SizeText(sent)},
                 ReadTerminalSize());
  }

 private:
  std::string name_;
  Screen screen_;
  std::chrono::steady_clock::time_point drawn_{};
};

// Says what became of a file; the exit code for it.
int Report(const Uploaded& uploaded, const std::string& file, bool as_json) {
  const int code = ExitCodeOfUpload(uploaded.status);
  json::Parser parser;
  const auto answer = parser.Parse(uploaded.body, kAnswerLimits);
  if (as_json && answer.ok()) {
    Print(answer->Text() + "\n");
    return code;
  }
  const std::string name = PrintableText(file, kFileNameBytesMax);
  if (code != kDone) {
    const auto why = answer.ok() ? (*answer)["error"].String() : std::nullopt;
    PrintError("printfleet: " + name + ": refused (" + std::to_string(uploaded.status) + ")" +
               (why ? ": " + PrintableText(*why, kFileNameBytesMax) : "") + "\n");
    return code;
  }
  constexpr int kCreated = 201;
  Print(name + ": " + (uploaded.status == kCreated ? "added" : "already there") + "\n");
  return code;
}

int AddOne(const UploadTarget& target, const std::string& file, bool as_json) {
  Result<Uploaded> uploaded = [&] {
    Progress progress(PrintableText(file, kFileNameBytesMax));
    return UploadFile(target, file, [&](int64_t sent, int64_t size) { progress.Draw(sent, size); });
  }();
  if (!uploaded.ok()) {
    return Complain(uploaded.error());
  }
  return uploaded->interrupted ? kInterrupted : Report(*uploaded, file, as_json);
}

}  // namespace

Result<std::string> FilesUrl(const settings::Settings& settings) {
  const settings::HttpListener* chosen = nullptr;
  for (const auto& listener : settings.http.listeners) {
    const bool better = chosen == nullptr || (settings::IsLoopback(listener.address) &&
                                              !settings::IsLoopback(chosen->address));
    if (listener.serve_files && better) {
      chosen = &listener;
    }
  }
  if (chosen == nullptr) {
    return Error{Errc::kInvalid, "no http listener of the configuration serves files: say --url"};
  }
  if (chosen->port == 0) {
    return Error{Errc::kInvalid, "the http listener's port is chosen at the start: say --url"};
  }
  const std::string host = ReachableHost(chosen->address);
  const bool ipv6 = host.find(':') != std::string::npos;
  return "http://" + (ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(chosen->port);
}

int UploadFiles(const FilesArguments& arguments) {
  UploadTarget target;
  target.ca_file = arguments.connection.ca_file;
  auto url = FindUrl(arguments);
  if (!url.ok()) {
    return Complain(url.error());
  }
  auto key = ReadKey(arguments.key_file);
  if (!key.ok()) {
    return Complain(key.error());
  }
  target.url = std::move(*url);
  target.key = std::move(*key);
  size_t failed = 0;
  int last = kDone;
  for (const std::string& file : arguments.files) {
    const int code = AddOne(target, file, arguments.json);
    if (code == kInterrupted) {
      return kInterrupted;
    }
    failed += code == kDone ? 0 : 1;
    last = code == kDone ? last : code;
  }
  return failed > 0 && failed < arguments.files.size() ? kSomeFailed : last;
}

}  // namespace printfleet::cli
