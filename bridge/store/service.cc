#include "store/service.h"

#include <poll.h>

#include <algorithm>
#include <array>

#include "base/failpoint.h"
#include "base/log.h"
#include "store/connection.h"
#include "store/load.h"
#include "store/migrate.h"
#include "store/questions.h"
#include "store/roles.h"
#include "store/statements.h"
#include "store/write.h"

namespace printfleet::store {
namespace {

constexpr milliseconds kBackoffMin{100};
constexpr milliseconds kMarkInterval{1000};
constexpr milliseconds kPostRetry{10};

const Error kGone = {Errc::kUnavailable, "the connection to the database is gone"};

const Error kHeld = {Errc::kUnavailable,
                     "nothing is stored while so little is free on the disk of data_dir "
                     "(store.disk.commits_free_bytes_min)"};

WallTime WallNow() {
  return std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
}

// Keeps the time since which a request is under way.
class BusyMark {
 public:
  explicit BusyMark(std::atomic<int64_t>& since_ms) : since_ms_(since_ms) {
    since_ms_ = MonotonicNow().time_since_epoch().count();
  }

  ~BusyMark() { since_ms_ = 0; }

  BusyMark(const BusyMark&) = delete;
  BusyMark& operator=(const BusyMark&) = delete;

 private:
  std::atomic<int64_t>& since_ms_;
};

}  // namespace

struct Service::Writing {
  explicit Writing(Session& session) : transaction(session) {}

  int64_t seq = 0;
  std::set<Day> days;  // whose partitions are there
  Transaction transaction;
  std::unique_ptr<OpenCopy> copy;  // of reports, while more may come
  std::optional<Error> error;
};

Service::Service(Shared& shared, bool load) : shared_(shared), load_(load) {}

Service::~Service() = default;

MonoTime MonotonicNow() {
  return MonoTime(std::chrono::duration_cast<milliseconds>(
      std::chrono::steady_clock::now().time_since_epoch()));
}

void BatchAges::Add(int64_t seq, MonoTime now) {
  if (marks_.empty() || now - marks_.back().at >= kMarkInterval) {
    marks_.push_back({.seq = seq, .at = now});
  }
}

std::optional<int64_t> BatchAges::TakePrunable(MonoTime now, milliseconds horizon) {
  // A batch is older than its mark's successor: only with the second mark beyond the horizon is
  // everything before it too.
  std::optional<int64_t> seq;
  while (marks_.size() >= 2 && now - marks_[1].at > horizon) {
    seq = marks_[1].seq;
    marks_.pop_front();
  }
  return seq;
}

void Service::Run() {
  while (!WaitForStop(shared_.stop, milliseconds(0))) {
    if (session_ == nullptr) {
      Reconnect();
      continue;
    }
    WaitForWork();
    for (Request& request : shared_.requests.TakeAll()) {
      if (WaitForStop(shared_.stop, milliseconds(0))) {
        break;
      }
      Serve(std::move(request));
    }
  }
  ahead_.reset();
  session_.reset();
  shared_.ended.Signal();
}

// At once when all was well before; ever later while nothing succeeds.
void Service::Reconnect() {
  if (WaitForStop(shared_.stop, std::max(backoff_, pause_))) {
    return;
  }
  backoff_ = std::clamp(backoff_ * 2, kBackoffMin, shared_.config.retry_max);
  const Status connected = Connect();
  if (!connected) {
    Lose(connected.error());
    return;
  }
  backoff_ = milliseconds(0);
}

Status Service::PrepareAsOwner() {
  const Config& config = shared_.config;
  const Result<std::string> role = RoleName(config.conninfo);
  Result<std::unique_ptr<Session>> owner =
      store::Connect({.conninfo = config.owner_conninfo,
                      .admin_conninfo = config.admin_conninfo,
                      .instance = config.instance,
                      .connect_timeout = config.connect_timeout},
                     shared_.socket);
  if (!role || !owner) {
    return role ? owner.error() : role.error();
  }
  Status locked = TakeDaemonLock(**owner, config.instance, shared_.stop);
  if (!locked) {
    return locked;
  }
  const Result<int> migrated =
      MigrateSession(**owner, config.schema_dir, {.name = *role, .create = true});
  return migrated ? ReleaseDaemonLock(**owner) : migrated.error().Within("migrate");
}

Status Service::Migrate(Session& session) {
  const Result<int> migrated = MigrateSession(session, shared_.config.schema_dir);
  if (migrated) {
    return Ok{};
  }
  Error error = migrated.error().Within("migrate");
  if (error.code == Errc::kInternal) {
    error.message +=
        "; the owner of the tables applies it: printfleet migrate, with "
        "database.owner_url";
  }
  return error;
}

void Service::WarnOfAuditRisk(Session& session) {
  const Result<std::string> risk = AuditRisk(session);
  if (!risk || risk->empty() || audit_risk_told_) {
    return;
  }
  audit_risk_told_ = true;
  LogWarning("store",
             "the daemon's own role could change audit_log: give it one that does not own the "
             "tables in database.url, the owner in database.owner_url, and run printfleet migrate",
             {{"it", *risk}});
}

Status Service::Connect() {
  const Config& config = shared_.config;
  if (shared_.held) {
    return kHeld;
  }
  if (!config.owner_conninfo.empty()) {
    Status prepared = PrepareAsOwner();
    if (!prepared) {
      return prepared;
    }
  }
  Result<std::unique_ptr<Session>> session =
      store::Connect({.conninfo = config.conninfo,
                      .admin_conninfo = config.owner_conninfo.empty() ? config.admin_conninfo : "",
                      .instance = config.instance,
                      .connect_timeout = config.connect_timeout},
                     shared_.socket);
  if (!session) {
    return session.error();
  }
  Status locked = TakeDaemonLock(**session, config.instance, shared_.stop);
  if (!locked) {
    return locked;
  }
  if (config.owner_conninfo.empty()) {
    Status migrated = Migrate(**session);
    if (!migrated) {
      return migrated;
    }
  }
  WarnOfAuditRisk(**session);
  Status partitions = partitions_.Reload(**session);
  if (partitions) {
    const Day today = DayOf(WallNow());
    partitions =
        partitions_.Ensure(**session, today - std::chrono::days(1), today + kPartitionDaysAhead);
  }
  if (!partitions) {
    // Not fatal: a batch that needs one tries again.
    LogWarning("store", "partitions are missing", {{"error", partitions.error().message}});
  }
  Connected connected;
  if (load_) {
    Result<core::Loaded> loaded = Load(**session, config.remember, config.remembered_max);
    if (!loaded) {
      return loaded.error();
    }
    connected.loaded = std::move(*loaded);
    load_ = false;
  }
  session_ = std::move(*session);
  ++generation_;
  told_.reset();
  Post(std::move(connected));
  return Ok{};
}

void Service::WaitForWork() {
  std::array<pollfd, 3> descriptors{};
  descriptors[0] = {.fd = shared_.stop.fd(), .events = POLLIN, .revents = 0};
  descriptors[1] = {.fd = shared_.requests.fd(), .events = POLLIN, .revents = 0};
  descriptors[2] = {.fd = session_->socket(), .events = POLLIN, .revents = 0};
  ::poll(descriptors.data(), descriptors.size(), -1);
  if (descriptors[2].revents != 0 && !session_->Check()) {
    Lose(kGone);
  }
}

void Service::Serve(Request request) {
  if (session_ == nullptr || request.generation != generation_) {
    Refuse(std::move(request));
    return;
  }
  const bool of_batch =
      std::holds_alternative<Batch>(request.what) || std::holds_alternative<Stage>(request.what);
  if (ahead_ && !of_batch) {
    postponed_.push_back(std::move(request));
    return;
  }
  std::visit([this](auto& what) { Serve(what); }, request.what);
  if (session_ != nullptr && !session_->alive()) {
    Lose(kGone);
  }
  if (!ahead_) {
    for (Request& postponed : std::exchange(postponed_, {})) {
      Serve(std::move(postponed));
    }
  }
}

void Service::Serve(const Batch& batch) {
  std::optional<CommitFailed> failed;
  if (ahead_ || !IsEmpty(batch)) {
    const BusyMark busy(shared_.busy_since_ms);
    failed = Store(batch);
  }
  if (!failed) {
    pause_ = milliseconds(0);
    Post(Committed{.seq = batch.seq});
    return;
  }
  const bool refused = failed->kind == CommitFailed::Kind::kRefused ||
                       failed->kind == CommitFailed::Kind::kKnownRequest;
  const Error error = failed->error;
  Post(std::move(*failed));
  if (!refused) {
    // In doubt: only a new connection, which waits for this one's backend to end, can tell. Not
    // stored (a full disk, a lock): later may work, and the loop tries again when we are back.
    Pause();
    Lose(error);
  }
}

void Service::Pause() {
  pause_ = std::clamp(pause_ * 2, kBackoffMin, shared_.config.retry_max);
}

std::unique_ptr<Service::Writing> Service::Begin(int64_t seq, const std::set<Day>& days) {
  auto writing = std::make_unique<Writing>(*session_);
  writing->seq = seq;
  writing->days = days;
  Status status = shared_.held ? Status(kHeld) : Ok{};
  for (const Day day : days) {
    if (status && !partitions_.Has({day})) {
      status = partitions_.Ensure(*session_, day, day + kPartitionDaysAhead);
    }
  }
  if (status) {
    status = writing->transaction.Begin();
  }
  FAILPOINT("committing.begin");
  if (status) {
    status = AdvanceLedger(*session_, seq);
  }
  if (!status) {
    writing->error = status.error();
  }
  return writing;
}

// The day after is there too, so that midnight finds no COPY without a place for its rows.
void Service::Serve(const Stage& stage) {
  if (stage.reports.empty()) {
    return;
  }
  const BusyMark busy(shared_.busy_since_ms);
  if (!ahead_ || ahead_->seq != stage.seq) {
    ahead_.reset();
    std::set<Day> days = DaysOf(stage.reports);
    days.insert(*days.rbegin() + std::chrono::days(1));
    ahead_ = Begin(stage.seq, days);
  }
  if (!ahead_->error && !ahead_->copy) {
    auto copy = BeginReports(*session_);
    if (copy) {
      ahead_->copy = std::move(*copy);
    } else {
      ahead_->error = copy.error();
    }
  }
  if (!ahead_->error) {
    const Status added = AddReports(*ahead_->copy, stage.reports);
    if (!added) {
      ahead_->error = added.error();
    }
  }
}

std::optional<CommitFailed> Service::Store(const Batch& batch) {
  std::unique_ptr<Writing> writing = std::move(ahead_);
  if (!writing || writing->seq != batch.seq) {
    writing.reset();
    writing = Begin(batch.seq, DaysOf(batch.rows));
  }
  Status status = writing->error ? Status(*writing->error) : Write(*writing, batch);
  if (status) {
    FAILPOINT("committing.written");
    Status committed = writing->transaction.Commit();
    if (FAILPOINT_FAILS("committing.committed")) {
      committed = kGone;
    }
    if (!committed) {
      return CommitFailed{batch.seq, CommitFailed::Kind::kInDoubt, committed.error()};
    }
    ages_.Add(batch.seq, MonotonicNow());
    return std::nullopt;
  }
  std::set<Day> days = DaysOf(batch.rows);
  days.insert(writing->days.begin(), writing->days.end());
  writing.reset();
  return CommitFailed{batch.seq, KindOf(status.error(), days), status.error()};
}

Status Service::Write(Writing& writing, const Batch& batch) {
  Status status = Ok{};
  if (writing.copy) {
    status = AddReports(*writing.copy, batch.rows.reports);
    if (status) {
      status = writing.copy->End();
    }
    writing.copy.reset();
  } else {
    status = WriteReports(*session_, batch.rows.reports);
  }
  if (status) {
    status = WriteRest(*session_, batch);
  }
  return status ? Prune() : status;
}

Status Service::Prune() {
  const std::optional<int64_t> seq =
      ages_.TakePrunable(MonotonicNow(), shared_.config.digest_horizon);
  if (!seq) {
    return Ok{};
  }
  const Result<SqlRows> pruned = session_->Run(kPruneBatches, {std::to_string(*seq)});
  return pruned ? Status(Ok{}) : pruned.error();
}

CommitFailed::Kind Service::KindOf(const Error& error, const std::set<Day>& days) {
  if (error.code == Errc::kConflict) {
    // The ledger is past this seq: it may be this very batch, committed before.
    return CommitFailed::Kind::kInDoubt;
  }
  if (error.code != Errc::kRejected) {
    return CommitFailed::Kind::kNotStored;
  }
  if (error.message.find(kKnownRequestConstraint) != std::string::npos) {
    return CommitFailed::Kind::kKnownRequest;
  }
  // A partition that somebody took away is refused like a bad row, but is none.
  const Status reloaded = partitions_.Reload(*session_);
  return reloaded && partitions_.Has(days) ? CommitFailed::Kind::kRefused
                                           : CommitFailed::Kind::kNotStored;
}

void Service::Serve(const ResolveRequest& request) {
  const BusyMark busy(shared_.busy_since_ms);
  const Result<int64_t> last = LastBatchSeq(*session_);
  if (last) {
    Post(DoubtResolved{.seq = request.seq, .committed = *last >= request.seq});
  } else {
    Lose(last.error());
  }
}

void Service::Serve(const DigestsRequest& /*request*/) {
  const BusyMark busy(shared_.busy_since_ms);
  Result<std::vector<Digest>> digests = store::LoadDigests(*session_);
  if (digests) {
    Post(Digests{.digests = std::move(*digests)});
  } else {
    Lose(digests.error());
  }
}

void Service::Serve(fleet::Question& question) {
  const BusyMark busy(shared_.busy_since_ms);
  Post(AnswerQuestion(*session_, std::move(question)));
}

void Service::Refuse(Request request) {
  if (const Batch* batch = std::get_if<Batch>(&request.what)) {
    Post(CommitFailed{batch->seq, CommitFailed::Kind::kNotStored, kGone});
  } else if (auto* question = std::get_if<fleet::Question>(&request.what)) {
    core::Answer answer;
    answer.question = std::move(*question);
    answer.error = kGone.message;
    Post(std::move(answer));
  }
}

void Service::Lose(Error error) {
  ahead_.reset();
  session_.reset();
  for (Request& request : std::exchange(postponed_, {})) {
    Refuse(std::move(request));
  }
  for (Request& request : shared_.requests.TakeAll()) {
    Refuse(std::move(request));
  }
  if (told_ != error.code) {
    told_ = error.code;
    Post(Disconnected{.error = std::move(error)});
  }
}

void Service::Post(Event event) {
  // Full only when the loop has stopped taking: wait for it, nothing may be lost. A refused Post
  // leaves the event untouched.
  // NOLINTNEXTLINE(bugprone-use-after-move)
  while (!shared_.events.Post(std::move(event)) && !WaitForStop(shared_.stop, kPostRetry)) {
  }
}

}  // namespace printfleet::store
