// The store's worker: one thread that owns the PostgreSQL connection. The loop posts requests and
// takes events; libpqxx stays inside store/*.cc.
//
// Threads: all methods are the loop's. Only one Commit is under way at a time (the caller's rule).
//
// What the loop may rely on:
// - Every Commit that was taken (true) is answered by exactly one Committed or CommitFailed; every
//   Ask by one core::Answer (ok = false when the connection went). ResolveDoubt and LoadDigests are
//   answered, or followed by Disconnected: ask again after the next Connected.
// - After kNotStored and kInDoubt a Disconnected follows, and a Connected when it may be tried
//   again (with back-off). That comes only when the old backend has ended, so that ResolveDoubt's
//   answer is final.
// - Batch::seq grows; a seq that is known not to be stored may be used again. A batch whose seq the
//   store is at or past is never written: kInDoubt.
// - "Connected" is what the events say that TakeEvents has given out.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "base/time.h"
#include "core/event.h"
#include "core/loaded.h"
#include "core/rows.h"
#include "settings/settings.h"

namespace printfleet::store {

struct Config {
  std::string conninfo;  // URL or key=value; of the database `printfleet` (or the external one)
  // Managed: as the owner of the tables. Used at each connecting, to make the database and the role
  // of `conninfo` and to migrate, and closed before the daemon works. "": `conninfo` migrates, if
  // it may.
  std::string owner_conninfo;
  std::string admin_conninfo;  // managed: to create the database when it is missing; "" else
  std::string schema_dir;      // NNNN_verb_noun.sql
  // For application_name. An old backend with the same one is taken for our own and terminated:
  // make it unique to the data_dir, not only the configured name.
  std::string instance;
  milliseconds connect_timeout{5000};
  milliseconds retry_max{5000};  // between two tries to connect
  milliseconds request_timeout{10000};
  milliseconds remember{0};             // commands.remember
  int64_t remembered_max = 100'000;     // commands.remembered_max
  milliseconds digest_horizon{180000};  // three of the broker's save intervals
};

// One transaction: a batch's rows and, per session, the digests of what it acknowledges.
struct Batch {
  int64_t seq = 0;
  WallTime committed_at;
  std::vector<Digest> digests[core::kSessions];
  std::optional<core::SpoolMark> spool;  // the batch holds entries of the spool, up to this
  core::Rows rows;
};

// The first reports of a batch that is still being filled.
struct Stage {
  int64_t seq = 0;  // the batch's
  std::vector<core::ReportRow> reports;
};

// -- What the worker says --

// Connected, locked, migrated, loaded. Sent once after each (re)connection; `loaded` only when
// asked for (the first time).
struct Connected {
  std::optional<core::Loaded> loaded;
};

// The connection is gone or cannot be made; the worker keeps trying with back-off.
struct Disconnected {
  Error error;  // kConflict: another daemon holds the database; kUnsupported: newer schema
};

struct Committed {
  int64_t seq = 0;
};

struct CommitFailed {
  enum class Kind {
    kKnownRequest,  // a request's (author, id) is in the tables already: as kRefused
    kRefused,  // the store refused a row (class 22, 23 …): not stored, will not be; poison inside
    kNotStored,  // it is known not to be stored; later may work; Disconnected follows
    kInDoubt,    // the connection went while COMMIT was under way: ask by ResolveDoubt
  };

  int64_t seq = 0;
  Kind kind = Kind::kNotStored;
  Error error;
};

struct DoubtResolved {
  int64_t seq = 0;
  bool committed = false;
};

struct Digests {
  std::vector<Digest> digests;
};

using Event = std::variant<Connected, Disconnected, Committed, CommitFailed, DoubtResolved, Digests,
                           core::Answer>;

class Worker {
 public:
  explicit Worker(Config config);
  // Closes the mailbox, breaks a request that hangs, joins.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Starts connecting; `load`: the first Connected carries the store's content.
  void Start(bool load);

  // Writes reports of the next batch ahead of its Commit, which has the same seq and brings what is
  // left: the server works while the loop goes on. Not answered; what goes wrong is that Commit's
  // answer. Asks that come in between are served behind the Commit. False as below.
  [[nodiscard]] bool WriteAhead(Stage stage);

  // Asks. Answers: Committed | CommitFailed; DoubtResolved; Digests; core::Answer. False when the
  // mailbox is full (kMailboxCapacity) or the worker is not connected.
  [[nodiscard]] bool Commit(Batch batch);
  [[nodiscard]] bool ResolveDoubt(int64_t seq);
  [[nodiscard]] bool LoadDigests();
  [[nodiscard]] bool Ask(fleet::Question question);

  // Breaks the request under way: shutdown() on the connection's socket. The one call that
  // touches the worker's connection from outside; for a request beyond its deadline.
  void Break();

  // While the disk is nearly full nothing is written: a Commit is answered kNotStored, the
  // connection given up, and no other made.
  void SetHeld(bool held);

  // When the request under way (if any) began, for the loop's deadline.
  [[nodiscard]] std::optional<MonoTime> busy_since() const;

  [[nodiscard]] int event_fd() const;
  [[nodiscard]] std::vector<Event> TakeEvents();

  static constexpr size_t kMailboxCapacity = 256;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace printfleet::store
