// Service: the worker's thread. Keeps a connection, serves the requests that come, says what
// happened. All of it runs on that thread; Shared is what both threads touch.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "base/event_fd.h"
#include "base/mailbox.h"
#include "store/partitions.h"
#include "store/session.h"
#include "store/worker.h"

namespace printfleet::store {

struct ResolveRequest {
  int64_t seq = 0;
};

struct DigestsRequest {};

// `generation`: which connection the loop thought it asked. A request to one that has gone is not
// served by the next.
struct Request {
  int64_t generation = 0;
  std::variant<Batch, Stage, ResolveRequest, DigestsRequest, fleet::Question> what;
};

constexpr size_t kEventCapacity = 4 * Worker::kMailboxCapacity;

// Between the loop and the worker's thread.
struct Shared {
  Config config;
  Mailbox<Request> requests{Worker::kMailboxCapacity};
  Mailbox<Event> events{kEventCapacity};
  EventFd stop;   // signalled once: end
  EventFd ended;  // signalled by the thread as its last act
  SocketGuard socket;
  std::atomic<int64_t> busy_since_ms{0};  // 0: no request under way
  std::atomic<bool> held{false};          // nothing is written
};

// CLOCK_MONOTONIC.
MonoTime MonotonicNow();

// When which batch was committed, by our own monotonic clock: tells which digests are too old to
// be kept. A wall clock that jumps must not throw away what a broker may deliver again.
class BatchAges {
 public:
  void Add(int64_t seq, MonoTime now);
  // The seq below which everything is older than `horizon`, once a while; nullopt: nothing to do.
  std::optional<int64_t> TakePrunable(MonoTime now, milliseconds horizon);

 private:
  struct Mark {
    int64_t seq = 0;
    MonoTime at;
  };

  std::deque<Mark> marks_;  // at least a second apart
};

class Service {
 public:
  Service(Shared& shared, bool load);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Until shared.stop is signalled.
  void Run();

 private:
  void Reconnect();
  Status Connect();
  // As the owner of the tables: what must be done before the daemon's own role can work.
  Status PrepareAsOwner();
  Status Migrate(Session& session);
  // Says once that audit_log is not safe from our own role.
  void WarnOfAuditRisk(Session& session);
  void WaitForWork();
  void Serve(Request request);
  void Serve(const Batch& batch);
  void Serve(const Stage& stage);
  // A batch's transaction, from its BEGIN to its COMMIT.
  struct Writing;
  // Begins it: the ledger is advanced. With an error it is good for nothing more.
  std::unique_ptr<Writing> Begin(int64_t seq, const std::set<Day>& days);
  // Stores it. Errors with the kind of failure.
  std::optional<CommitFailed> Store(const Batch& batch);
  Status Write(Writing& writing, const Batch& batch);
  Status Prune();
  void Serve(const ResolveRequest& request);
  void Serve(const DigestsRequest& request);
  void Serve(fleet::Question& question);
  // The answer to a request whose connection is not there.
  void Refuse(Request request);
  CommitFailed::Kind KindOf(const Error& error, const std::set<Day>& days);
  // The next connection waits, longer each time until a batch is stored.
  void Pause();
  // The connection is of no use any more.
  void Lose(Error error);
  void Post(Event event);

  Shared& shared_;
  bool load_;
  int64_t generation_ = 0;
  milliseconds backoff_{0};  // doubled by each try to connect that failed
  std::unique_ptr<Session> session_;
  std::unique_ptr<Writing> ahead_;  // of a batch whose Commit has not come yet
  std::vector<Request> postponed_;  // until it has
  Partitions partitions_;
  BatchAges ages_;
  milliseconds pause_{0};  // doubled by each batch that could not be stored
  bool audit_risk_told_ = false;
  std::optional<Errc> told_;  // the error of the last Disconnected since the last Connected
};

}  // namespace printfleet::store
