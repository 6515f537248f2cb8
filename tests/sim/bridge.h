// Bridge: a core on the daemon's road, without its sockets and threads. The broker's two sessions
// keep what is not acknowledged, batches are committed, refused or left in doubt, stops go ahead,
// the process dies and starts again: whoever drives it says what happens and when.
//
// The model of bridge/daemon/batcher.h; where that changes, this follows. Knows no gtest.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/core.h"
#include "tests/unit/core/memory_store.h"

namespace printfleet::sim {

inline constexpr int64_t kStartMs = 1'767'225'600'000;  // 2026-01-01T00:00:00Z

// Virtual time, of everybody.
struct Clock {
  int64_t ms = 1'000'000;

  [[nodiscard]] Instant now() const {
    return {FromEpochMs(kStartMs + ms - 1'000'000), MonoTime(milliseconds(ms))};
  }
};

// What a client published for one of the daemon's sessions.
struct Inbound {
  core::Session session = core::Session::kReports;
  std::string topic;
  std::string payload;
  bool retained = false;
  std::optional<uint32_t> expiry_s = {};  // Message Expiry Interval
  std::string response_topic = {};
  std::string correlation_data = {};
  MonoTime published = {};
  uint64_t number = 0;  // given by the bridge: which publish it was
};

// What becomes of a batch that is with the store.
enum class Fate {
  kStored,
  kDiesUnstored,  // the process dies, the rows are not there
  kDiesStored,    // the process dies, the rows are there, and nothing of it was released
  kAway,          // the store goes away before COMMIT
  kDoubtStored,   // COMMIT's answer is lost; it was done
  kDoubtLost,     // … it was not
};

class Bridge {
 public:
  struct Hooks {
    std::function<void(const core::Publish&)> publish;  // handed to outbound
    // An attempt to tell people, and what became of it.
    std::function<core::Notified(const core::Notify&)> notify = [](const core::Notify&) {
      core::Notified taken;
      taken.ok = true;
      return taken;
    };
    std::function<void()> stepped = [] {};  // after each event on the overlay
    std::function<void(const core::Effects&)> sealed = [](const core::Effects&) {};
    std::function<void(const core::Rows&)> stored = [](const core::Rows&) {};  // the store has them
    std::function<void()> merged = [] {};  // the batch is the committed state now
    std::function<void()> dropped = [] {};
  };

  // Refers to all of them as long as it lives. It starts with its sessions down.
  Bridge(const settings::Settings& settings, const settings::Users& users, Clock& clock,
         uint64_t seed, Hooks hooks);

  // -- The broker --
  // A client publishes: queued for the session until it is acknowledged.
  void Publish(Inbound inbound);
  void SessionsUp();
  void SessionsDown();
  void Confirm(const core::Publish& publish, core::Published::Result result);

  // -- The store --
  void StoreAway();
  void StoreBack();
  // Questions of operators that wait for Answer.
  [[nodiscard]] std::vector<fleet::Question> TakeQuestions();

  void Answer(core::Answer answer) { events_.emplace_back(std::move(answer)); }

  // -- The process --
  void SetBatchMax(size_t events) { batch_max_ = events; }

  // Reads, and steps what waits as one batch. True when one is sealed: Finish says how it ends.
  bool Turn();
  // What becomes of the sealed batch. A batch without rows is released, if the process lives.
  void Finish(Fate fate);
  // It dies at once; its sessions are gone. Until Start, nothing may be called but Publish.
  void Kill();
  // It starts, with what the store has; its sessions are down.
  void Start();

  // When Turn has something to do; nullopt while the batch is with the store.
  [[nodiscard]] std::optional<MonoTime> NextDeadline() const;

  [[nodiscard]] const core::Core& core() const { return *core_; }

  [[nodiscard]] const core::testing::MemoryStore& store() const { return store_; }

  [[nodiscard]] bool away() const { return away_; }

  // Reports that were published and are neither in the tables, nor with the broker, nor in the
  // spool: lost. Costly.
  [[nodiscard]] size_t LostReports() const;

  [[nodiscard]] uint64_t spooled() const { return spooled_; }

  [[nodiscard]] bool committing() const { return committing_; }

  [[nodiscard]] bool up() const { return up_; }

  [[nodiscard]] bool alive() const { return alive_; }

  // Was this message a stop that went ahead of its batch? It needs no row before it is sent.
  [[nodiscard]] bool WasStop(const std::string& msgid) const { return stops_.contains(msgid); }

 private:
  struct Link {
    std::deque<Inbound> queue;          // at the broker, unacknowledged
    size_t read = 0;                    // of the queue, by this process
    std::deque<core::Message> waiting;  // read, not in the batch
  };

  Link& Of(core::Session session) { return links_[static_cast<size_t>(session)]; }

  void Read();
  void Beat();
  void SendStopAhead(core::Message& message);
  void WithdrawOvertaken(const fleet::StopPlan& stop);
  void Fill();
  void Step(core::Event event);
  void Release();
  void ReleaseAcks(core::Session session);
  void Requeue();
  void RefuseWaiting();
  void RefuseOne(const core::Message& message, std::string_view reason);

  // bridge_spool.cc
  struct Spooled {
    int64_t id = 0;
    core::Event event;  // a message of the reports session, a record
    int64_t doubt = 0;  // of this batch, whose COMMIT is in doubt; 0: none
  };

  void Keep(core::Event event, int64_t doubt = 0);
  void SpoolReports();
  void SettleSpool();
  [[nodiscard]] Instant RebuildAt() const;
  [[nodiscard]] bool HasSpooledReports() const;
  void Resume();
  void BeginDrain();
  void EndDrain();
  void LeaveDrain();
  void TakeSpooled(bool with_ticks);
  void ForgetSpooled();
  [[nodiscard]] bool HasMoreSpooled() const;

  const settings::Settings& settings_;
  const settings::Users& users_;
  settings::ModelRegistry models_;
  settings::ErrorCodes error_codes_;
  Clock& clock_;
  uint64_t seed_;
  Hooks hooks_;

  // What outlives the process.
  core::testing::MemoryStore store_;
  std::deque<Digest> digests_;
  std::deque<Spooled> spool_;
  int64_t spool_next_ = 1;
  int64_t stored_through_ = 0;             // in the store: the spool's entries up to this
  int64_t stored_seq_ = 0;                 // in the store: the last batch
  uint64_t published_ = 0;                 // numbers given
  std::unordered_set<uint64_t> unstored_;  // numbers of reports that are in no stored batch
  uint64_t spooled_ = 0;                   // reports that ever were in the spool
  std::vector<printer::Registration> snapshot_;
  std::array<Link, core::kSessions> links_;
  std::unordered_set<std::string> stops_;  // msgids

  // The process.
  std::unique_ptr<core::Core> core_;
  MonoTime alive_at_;
  bool alive_ = true;
  bool up_ = false;
  bool away_ = false;
  bool loaded_ = false;
  std::deque<core::Event> events_;
  std::vector<core::Event> batch_;
  core::Effects effects_;
  std::vector<CommandId> batch_commands_;
  bool committing_ = false;
  std::optional<Fate> doubt_;
  bool doubt_answered_ = false;
  MonoTime away_since_;
  MonoTime oldest_;      // of the batch's events
  MonoTime decided_at_;  // what the sealed batch sends was decided then, at the earliest
  size_t batch_max_ = 500;
  bool draining_ = false;
  bool doubt_kept_ = false;    // the reports of the batch in doubt are in the spool
  int64_t taken_ = 0;          // entries of the spool up to this are in the batch, or stored
  int64_t batch_through_ = 0;  // of the batch; 0: none
  int64_t seq_ = 0;            // of the batch
  std::vector<fleet::Question> questions_;
};

}  // namespace printfleet::sim
