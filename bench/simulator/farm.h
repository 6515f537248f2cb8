// The loop over all printers: one epoll set, one timer heap, paced connects, the load, the
// downloads' results, the control lines and the end. One thread; the download pool has its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <queue>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/simulator/client.h"
#include "bench/simulator/options.h"

namespace printfleet::simulator {

class Farm {
 public:
  // SIGINT and SIGTERM must be blocked already: the farm reads them itself. Both must outlive it.
  Farm(const Options& options, const ServerAddress& server);
  ~Farm();
  Farm(const Farm&) = delete;
  Farm& operator=(const Farm&) = delete;
  Farm(Farm&&) = delete;
  Farm& operator=(Farm&&) = delete;

  // "" or why the files of the options cannot be opened.
  std::string OpenFiles();

  // Until a signal, `quit`, or --messages are through. Returns the exit code.
  int Run();

  // For control.cc.
  [[nodiscard]] std::size_t size() const { return clients_.size(); }

  Client& client(std::size_t index) { return *clients_[index]; }

  // Everything of a client that was used directly is settled, its timer set anew.
  void Touch(std::size_t index);
  [[nodiscard]] std::int64_t NowMs() const;
  [[nodiscard]] std::string Summary() const;
  void Stop();

  // Descriptors needed for these options.
  static std::size_t DescriptorsNeeded(const Options& options);

 private:
  enum class Stage { kRunning, kDraining, kLeaving };
  using Timer = std::pair<std::int64_t, std::size_t>;

  void Watch(int fd, std::uint64_t key) const;
  [[nodiscard]] int WaitMs() const;
  void Dispatch(std::uint64_t key, unsigned events);
  void ReadSignal();
  void ReadControl();
  void RunFetches();
  void RunTimers(std::int64_t now_ms);
  void RunConnects(std::int64_t now_ms);
  void RunLoad(std::int64_t now_ms);
  void RunSummary(std::int64_t now_ms);
  bool RunEnd(std::int64_t now_ms);
  void Register(std::size_t index);

  const Options& options_;
  Statistics statistics_;
  Journal ledger_;
  Journal received_;
  FetchPool fetch_;
  Shared shared_;
  std::chrono::steady_clock::time_point started_;
  std::int64_t started_ms_;
  int epoll_fd_;
  int signal_fd_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  std::deque<std::size_t> connects_;
  double connect_tokens_ = 1;
  std::int64_t connects_at_ms_ = 0;
  std::string control_line_;
  Stage stage_ = Stage::kRunning;
  std::int64_t stage_until_ms_ = 0;
  std::int64_t load_since_ms_ = 0;  // 0: not all printers were online yet
  std::int64_t load_sent_ = 0;
  std::size_t load_next_ = 0;
  std::int64_t summary_at_ms_ = 0;
};

}  // namespace printfleet::simulator
