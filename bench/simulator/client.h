// One simulated printer as the farm sees it: the model, its session, its faults and its clockwork
// joined. Decides when to connect again; the farm decides when there is room to do so. Loop thread
// only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "bench/simulator/connection.h"
#include "bench/simulator/faults.h"
#include "bench/simulator/fetch.h"
#include "bench/simulator/journal.h"
#include "bench/simulator/options.h"
#include "bench/simulator/printer.h"
#include "bench/simulator/statistics.h"

namespace printfleet::simulator {

// What all clients share; outlives them.
struct Shared {
  const Options& options;
  const ServerAddress& server;
  Statistics& statistics;
  FetchPool& fetch;
  Journal& ledger;
  Journal& received;
};

class Client {
 public:
  Client(std::size_t index, Shared& shared);

  Printer& printer() { return printer_; }

  Connection& connection() { return connection_; }

  // The farm's notes about this client: what epoll knows of it and when its timer stands.
  struct Notes {
    int epoll_generation = 0;
    unsigned epoll_interest = 0;
    std::int64_t timer_ms = 0;
    bool connect_queued = false;
  };

  Notes notes;

  // Counts the sockets opened, to tell a reused descriptor from the old one.
  [[nodiscard]] int generation() const { return generation_; }

  // True while a connection is wanted and its time has come.
  [[nodiscard]] bool ConnectDue(std::int64_t now_ms) const;
  void OpenConnection(std::int64_t now_ms);

  void OnSocket(bool readable, bool writable, std::int64_t now_ms);
  void OnTimer(std::int64_t now_ms);
  void OnFetch(const FetchEvent& event, std::int64_t now_ms);
  [[nodiscard]] std::int64_t NextDeadline() const;

  // Sends one load report if the session has room for it.
  bool SendLoad(std::int64_t now_ms);
  void SendGarbage(std::int64_t now_ms);

  // Puts on the wire whatever the model has to say, and takes what comes of it. To be called after
  // every direct use of printer().
  void Settle(std::int64_t now_ms);

  // Without and with DISCONNECT; both stay away until Reconnect().
  void Disconnect(std::int64_t now_ms);
  void Leave(std::int64_t now_ms);
  void Reconnect(std::int64_t now_ms);

  void SetSilent(bool silent) { silent_ = silent; }

 private:
  struct Delayed {
    std::int64_t due_ms = 0;
    OutReport report;
  };

  void Apply(const ConnectionEvent& event, std::int64_t now_ms);
  void OnOnline(std::int64_t now_ms);
  void OnReceived(const Publish& publish, std::int64_t now_ms);
  void OnClosed(std::int64_t now_ms);
  void ForgetSession();
  void Deliver(std::int64_t now_ms);
  void SendReport(OutReport report);
  void CountVerdict(Verdict verdict);
  void LogReceived(const Publish& publish, Verdict verdict, std::int64_t now_ms);
  void PanelTick(std::int64_t now_ms);

  std::size_t index_;
  Shared& shared_;
  Random random_;
  Printer printer_;
  Connection connection_;
  FaultInjector faults_;
  std::vector<ConnectionEvent> events_;
  std::vector<OutReport> scratch_;
  std::deque<Delayed> delayed_;
  int generation_ = 0;
  bool wanted_ = true;
  bool silent_ = false;
  bool was_online_ = false;
  int attempts_ = 0;
  std::int64_t reconnect_at_ms_ = 0;
  std::int64_t panel_at_ms_ = 0;  // 0: no panel job to come
};

}  // namespace printfleet::simulator
