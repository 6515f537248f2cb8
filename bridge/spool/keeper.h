// Keeper: the spool's thread. Serves the requests in order, says what happened; in between removes
// what was forgotten, opens what could not be opened, looks whether a full disk has room again.
// Shared is what both threads touch; all else is the thread's, once it runs.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/event_fd.h"
#include "base/mailbox.h"
#include "spool/ballast.h"
#include "spool/file.h"
#include "spool/lock.h"
#include "spool/spool.h"

namespace printfleet::spool {

struct AppendRequest {
  uint64_t ticket = 0;
  std::vector<Row> rows;
};

struct ReadRequest {
  int64_t after = 0;
  size_t entries_max = 0;
  size_t bytes_max = 0;
};

struct ForgetRequest {
  int64_t id = 0;
};

struct SettleRequest {
  int64_t batch_seq = 0;
  bool committed = false;
};

// `file`: the one that the loop thought it asked. Ids of one mean nothing in another.
struct Request {
  uint64_t file = 0;
  std::variant<AppendRequest, ReadRequest, ForgetRequest, SettleRequest> what;
};

// An event, and how things are with it.
struct Told {
  Event event;
  Contents contents;
  std::string identity;
  uint64_t file = 0;
};

// Between the loop and the spool's thread.
struct Shared {
  explicit Shared(Config chosen) : config(std::move(chosen)) {}

  const Config config;
  Mailbox<Request> requests{Spool::kMailboxCapacity};
  Mailbox<Told> events{4 * Spool::kMailboxCapacity};
  EventFd stop;  // signalled once: serve what waits, and end
};

class Keeper {
 public:
  explicit Keeper(Shared& shared);

  // Before Run, by the thread that starts it. The event is Opened.
  Told Open();
  // Until shared.stop is signalled.
  void Run();

 private:
  // What must have room for it decides where the limit is: the strictest of an Append.
  enum class Need { kStops, kRefusals, kReports };

  static Need NeedOf(const std::vector<Row>& rows);

  void Serve(Request request);
  void Serve(AppendRequest& request, uint64_t file);
  void Serve(const ReadRequest& request, uint64_t file);
  void Serve(const ForgetRequest& request, uint64_t file);
  void Serve(const SettleRequest& request, uint64_t file);
  Status Keep(const std::vector<Row>& rows);
  Status AppendToFile(const std::vector<Row>& rows, Need need);
  Status RoomFor(Need need, int64_t bytes);
  void Forget(int64_t id);
  void Wait();
  void DoDue();
  void Sweep();
  [[nodiscard]] MonoTime NextDue() const;

  // keeper_file.cc: the file and what may happen to it.
  void OpenFile();
  Status TakePlace();
  Status Adopt(std::unique_ptr<File> file);
  Status Renew(const Error& damage);
  void Handle(const Error& error);
  void Lose(const Error& error);
  bool RoomAgain();
  void RefreshFull();
  [[nodiscard]] int64_t UsedBytes() const;
  [[nodiscard]] Error Unwritable() const;
  void Refresh();
  [[nodiscard]] std::string TroubleOf(Condition condition) const;
  void Post(Event event);

  Shared& shared_;
  const std::string path_;
  const std::string boot_;
  std::optional<Lock> lock_;
  Ballast ballast_;
  std::unique_ptr<File> file_;  // null: unwritable
  std::string identity_;
  uint64_t file_number_ = 0;  // grows with each other identity
  Opened found_;
  std::string lost_because_;
  Errc lost_code_ = Errc::kInternal;
  MonoTime retry_at_;
  milliseconds backoff_{0};

  bool full_ = false;
  bool disk_full_ = false;
  MonoTime recheck_at_;

  int64_t last_id_ = 0;
  int64_t forgotten_ = 0;  // ids up to this one are
  int64_t to_remove_ = 0;  // entries of those that are in the file still
  MonoTime sweep_at_;
  Contents contents_;
};

}  // namespace printfleet::spool
