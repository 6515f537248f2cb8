// The requests, and the thread that serves them.
#include "spool/keeper.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/log.h"
#include "spool/clock.h"

namespace printfleet::spool {
namespace {

// Removing takes a commit: not for a few entries, unless nothing comes after them.
constexpr int64_t kSweepEntries = 8192;
constexpr int64_t kSweepEntriesFullDisk = 256;  // with little to be written
constexpr milliseconds kSweepDelay{500};
constexpr milliseconds kPostRetry{10};
constexpr milliseconds kRecheck{1000};

bool Signalled(const EventFd& event, milliseconds timeout) {
  pollfd descriptor{.fd = event.fd(), .events = POLLIN, .revents = 0};
  return ::poll(&descriptor, 1, static_cast<int>(timeout.count())) > 0;
}

Error OtherFile() {
  return {Errc::kConflict, "the file of the spool is another one now"};
}

}  // namespace

Keeper::Need Keeper::NeedOf(const std::vector<Row>& rows) {
  Need need = Need::kStops;
  for (const Row& row : rows) {
    if (std::holds_alternative<core::Message>(row.entry.item)) {
      return Need::kReports;
    }
    if (std::holds_alternative<core::RefusedRecord>(row.entry.item)) {
      need = Need::kRefusals;
    }
  }
  return need;
}

void Keeper::Run() {
  for (bool ending = false; !ending;) {
    Wait();
    ending = Signalled(shared_.stop, milliseconds(0));
    for (Request& request : shared_.requests.TakeAll()) {
      Serve(std::move(request));
    }
    if (!ending) {
      DoDue();
    }
  }
  if (file_ != nullptr && to_remove_ > 0) {
    Sweep();
  }
  file_.reset();
}

void Keeper::Wait() {
  std::array<pollfd, 2> descriptors{};
  descriptors[0] = {.fd = shared_.stop.fd(), .events = POLLIN, .revents = 0};
  descriptors[1] = {.fd = shared_.requests.fd(), .events = POLLIN, .revents = 0};
  const MonoTime due = NextDue();
  const milliseconds wait =
      due == MonoTime::max() ? milliseconds(-1) : std::max(due - Now().mono, milliseconds(0));
  ::poll(descriptors.data(), descriptors.size(), static_cast<int>(wait.count()));
}

MonoTime Keeper::NextDue() const {
  MonoTime due = MonoTime::max();
  if (file_ == nullptr) {
    due = retry_at_;
  } else if (to_remove_ > 0) {
    due = sweep_at_;
  }
  return disk_full_ || !ballast_.there() ? std::min(due, recheck_at_) : due;
}

void Keeper::DoDue() {
  const MonoTime now = Now().mono;
  const Contents before = contents_;
  if (file_ == nullptr) {
    if (now >= retry_at_) {
      OpenFile();
    }
  } else if (to_remove_ > 0 && now >= sweep_at_) {
    Sweep();
  }
  if ((disk_full_ || !ballast_.there()) && now >= recheck_at_) {
    recheck_at_ = now + kRecheck;
    RoomAgain();
  }
  Refresh();
  if (contents_.condition != before.condition || contents_.trouble != before.trouble ||
      contents_.bytes != before.bytes) {
    Post(Changed{});
  }
}

void Keeper::Serve(Request request) {
  std::visit([&](auto& what) { Serve(what, request.file); }, request.what);
}

// -- Append --

void Keeper::Serve(AppendRequest& request, uint64_t /*file*/) {
  const Status kept = request.rows.empty() ? Status(Ok{}) : Keep(request.rows);
  Refresh();
  if (kept) {
    Post(Appended{.ticket = request.ticket});
    return;
  }
  Error error = kept.error();
  if (error.code != Errc::kUnavailable) {
    error.code = Errc::kInternal;
  }
  Post(AppendFailed{.ticket = request.ticket, .error = std::move(error)});
}

Status Keeper::Keep(const std::vector<Row>& rows) {
  if (file_ == nullptr) {
    return Unwritable();
  }
  const Need need = NeedOf(rows);
  int64_t bytes = 0;
  for (const Row& row : rows) {
    bytes += BytesOf(row.entry.item);
  }
  Status status = RoomFor(need, bytes);
  if (!status) {
    return status;
  }
  status = AppendToFile(rows, need);
  if (!status && status.error().code == Errc::kMalformed) {
    Handle(status.error());
    status = file_ != nullptr ? AppendToFile(rows, need) : Unwritable();
  }
  if (!status) {
    Handle(status.error());
    return status;
  }
  const auto records = std::count_if(rows.begin(), rows.end(),
                                     [](const Row& row) { return IsRecord(row.entry.item); });
  const auto all = static_cast<int64_t>(rows.size());
  last_id_ += all;
  contents_.records += records;
  contents_.reports += all - records;
  contents_.appended_total += rows.size();
  if (!contents_.oldest_at) {
    contents_.oldest_at = rows.front().entry.kept_at;
  }
  if (const Status tended = file_->Tend(disk_full_); !tended) {
    Handle(tended.error());
  }
  return Ok{};
}

// Stops have the ballast's room when the disk has none.
Status Keeper::AppendToFile(const std::vector<Row>& rows, Need need) {
  Status status = file_->Append(rows);
  if (!status && status.error().code == Errc::kUnavailable && need == Need::kStops &&
      ballast_.Release()) {
    LogWarning("spool", "the disk is full: a stop is kept in the reserve",
               {{"directory", shared_.config.directory}});
    disk_full_ = true;
    status = file_->Append(rows);
  }
  return status;
}

Status Keeper::RoomFor(Need need, int64_t bytes) {
  const Config& config = shared_.config;
  int64_t limit = config.bytes_max;
  if (need != Need::kReports) {
    limit += need == Need::kStops ? config.reserve_bytes : config.reserve_bytes / 2;
  }
  if (need != Need::kStops && !RoomAgain()) {
    return Error{Errc::kUnavailable, TroubleOf(Condition::kDiskFull)};
  }
  const bool room = UsedBytes() + bytes <= limit;
  if (need == Need::kReports && !room) {
    full_ = true;
  }
  if (!room || (need == Need::kReports && full_)) {
    return Error{Errc::kUnavailable, TroubleOf(Condition::kFull)};
  }
  return Ok{};
}

// -- Read, Forget, Settle --

void Keeper::Serve(const ReadRequest& request, uint64_t file) {
  if (file_ == nullptr || file != file_number_) {
    Post(ReadFailed{.error = file_ == nullptr ? Unwritable() : OtherFile()});
    return;
  }
  Result<Entries> entries =
      file_->Read(std::max(request.after, forgotten_), request.entries_max, request.bytes_max);
  if (!entries) {
    Handle(entries.error());
  }
  Refresh();
  if (entries) {
    Post(std::move(*entries));
  } else {
    Post(ReadFailed{.error = entries.error()});
  }
}

void Keeper::Serve(const ForgetRequest& request, uint64_t file) {
  if (file != file_number_) {
    return;
  }
  Forget(request.id);
  Refresh();
  Post(Changed{});
}

void Keeper::Forget(int64_t id) {
  if (file_ == nullptr) {
    forgotten_ = std::max(forgotten_, id);  // counted when it is opened
    return;
  }
  if (id > last_id_) {
    // The store has seen more than the file has: what was lost with the disk is not given again.
    LogWarning("spool", "the store has entries that the file never had",
               {{"id", id}, {"last_id", last_id_}});
    if (const Status skipped = file_->SkipIds(id); !skipped) {
      Handle(skipped.error());
      return;
    }
    last_id_ = id;
  }
  const Result<std::optional<int64_t>> doubt = file_->FirstInDoubt();
  const int64_t last = doubt && *doubt ? std::min(id, **doubt - 1) : id;
  if (last <= forgotten_) {
    return;
  }
  const Result<Tally> gone = file_->Count(forgotten_, last);
  forgotten_ = last;
  if (!doubt || !gone) {
    Handle(doubt ? gone.error() : doubt.error());
    return;
  }
  const int64_t all = gone->reports + gone->records;
  contents_.reports -= gone->reports;
  contents_.records -= gone->records;
  contents_.forgotten_total += static_cast<uint64_t>(all);
  to_remove_ += all;
  sweep_at_ = Now().mono + kSweepDelay;
  if (const auto oldest = file_->OldestAfter(forgotten_)) {
    contents_.oldest_at = *oldest;
  }
  if (to_remove_ >= kSweepEntries) {
    Sweep();
  }
}

// One step of the removal.
void Keeper::Sweep() {
  const int64_t entries_max = disk_full_ ? kSweepEntriesFullDisk : kSweepEntries;
  Result<Tally> gone = file_->Remove(forgotten_, entries_max);
  if (!gone && gone.error().code == Errc::kUnavailable && ballast_.Release()) {
    // Removing is what makes room, but begins by writing.
    disk_full_ = true;
    gone = file_->Remove(forgotten_, kSweepEntriesFullDisk);
  }
  const int64_t all = gone ? gone->reports + gone->records : 0;
  to_remove_ = all == 0 && gone ? 0 : to_remove_ - all;
  sweep_at_ = Now().mono + (gone ? milliseconds(0) : kSweepDelay);
  Status tended = gone ? file_->Tend(disk_full_) : Status(gone.error());
  if (tended && to_remove_ <= 0) {
    to_remove_ = 0;
    tended = file_->Shrink();
  }
  if (!tended) {
    Handle(tended.error());
  }
}

void Keeper::Serve(const SettleRequest& request, uint64_t /*file*/) {
  Error error = Unwritable();
  if (file_ != nullptr) {
    const Result<Tally> gone = file_->Settle(request.batch_seq, request.committed);
    if (gone) {
      contents_.reports -= gone->reports;
      contents_.records -= gone->records;
      contents_.forgotten_total += static_cast<uint64_t>(gone->reports + gone->records);
      if (const auto oldest = file_->OldestAfter(forgotten_)) {
        contents_.oldest_at = *oldest;
      }
      Refresh();
      Post(Settled{.batch_seq = request.batch_seq});
      return;
    }
    error = gone.error();
    Handle(error);
  }
  Refresh();
  Post(SettleFailed{.batch_seq = request.batch_seq, .error = std::move(error)});
}

void Keeper::Post(Event event) {
  Told told{.event = std::move(event),
            .contents = contents_,
            .identity = file_ == nullptr ? "" : identity_,
            .file = file_number_};
  // Full only when the loop has stopped taking: wait for it, nothing may be lost. A refused Post
  // leaves the event untouched.
  // NOLINTNEXTLINE(bugprone-use-after-move)
  while (!shared_.events.Post(std::move(told)) && !Signalled(shared_.stop, kPostRetry)) {
  }
}

}  // namespace printfleet::spool
