// FileDesk: between HTTP's threads and the loop, for everything about files. Uploads become events
// of core, requests of slicers go down the road of the command topic, printers get the files that
// core offered them, and what they fetched becomes events again.
//
//   HTTP thread ──Hooks()──▶ mailbox ──▶ loop: Turn ──▶ batcher ──▶ core ──▶ COMMIT
//        ▲                                                                     │
//        └────────────── answers, offers (behind the mutex) ◀── Release, OnPublish
//
// The loop owns it; the hooks are called on HTTP's threads and touch only what the mutex guards.
#pragma once

#include <atomic>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/mailbox.h"
#include "core/core.h"
#include "http/library_routes.h"
#include "http/slicer_routes.h"
#include "library/library.h"
#include "settings/settings.h"

namespace printfleet::daemon {

class Batcher;

class FileDesk {
 public:
  FileDesk(const settings::Settings& settings, library::Library& library);

  // -- For HTTP's threads --
  http::LibraryHooks Hooks();
  http::SlicerHooks SlicerHooks();

  // -- For the loop --
  void SetUsers(const settings::Users& users);

  // Uploads are refused at once while the store is away.
  void SetStoreAvailable(bool available) { store_available_ = available; }

  [[nodiscard]] int fd() const { return inbox_.fd(); }

  // What came in goes to the batcher.
  void Take(Batcher& batcher, const Instant& now);

  // The batch is committed: answers, offers, withdrawals.
  void Release(core::Effects& effects);
  // Files that are on offer since before this process.
  void Adopt(std::vector<fleet::Offer> offers);
  // A response that somebody may wait for.
  void OnPublish(const core::Publish& publish);

  // Removes files that nobody needs: once in a while, and when an artifact went.
  void Sweep(const core::Core& core, const Instant& now);

  // Nobody waits any more: the process ends.
  void Close();

 private:
  // A request that a slicer's upload means, on its way to the loop.
  struct Asked {
    std::string user;
    std::string request_id;
    std::string payload;
  };

  struct Offered {
    fleet::ExecutionKey execution;
    int attempt = 0;
    std::string sha256;
    std::string name;
    int64_t size_bytes = 0;
    WallTime expires_at;
  };

  using Inbox = std::variant<core::FileStored, core::FileSent, Asked>;

  std::optional<http::Caller> FindCaller(std::string_view key) const;
  http::Answer Added(const http::Caller& caller, const library::Stored& stored);
  std::optional<http::Download> FindDownload(std::string_view token, std::string_view filename);
  void Mark(std::string_view token, http::DownloadMark mark, int64_t bytes);
  Result<std::string> Ask(const std::string& user, const std::string& request_id,
                          std::string payload);
  Result<std::string> Await(const std::string& name, Inbox letter);
  void Answer(const std::string& name, std::string text);
  void Offer(const fleet::Offer& offer);

  const settings::Settings& settings_;
  library::Library& library_;
  const bool local_;             // without a key one acts as `local`
  const std::string responses_;  // what topics of responses begin with
  Mailbox<Inbox> inbox_;
  std::atomic<bool> store_available_ = false;
  std::atomic<uint64_t> next_ticket_ = 1;
  MonoTime next_sweep_;
  bool library_changed_ = false;

  mutable std::mutex mutex_;
  settings::Users users_;
  std::map<std::string, Offered, std::less<>> offers_;        // by token
  std::map<std::string, std::promise<std::string>> waiting_;  // by what they wait for
};

}  // namespace printfleet::daemon
