// --replay: one printer's recorded reports, published again with their timing, as one printer.
// Loop thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/simulator/connection.h"
#include "bench/simulator/identity.h"
#include "bench/simulator/recording.h"
#include "bench/simulator/statistics.h"

namespace printfleet::simulator {

struct ReplayOptions {
  std::string file;              // empty: no replay
  double speed = 1;              // of time; 0: as fast as the broker acknowledges
  std::string model;             // --as; empty: the recorded one
  std::string printer_id;        // empty: the recorded one
  std::string of_printer;        // which printer of the file; empty: the first in it
  std::int64_t interval_ms = 0;  // between lines that have no time
};

class Replay {
 public:
  // All references must outlive it.
  Replay(const ReplayOptions& options, const SessionOptions& session, const ServerAddress& server);
  ~Replay();
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;
  Replay(Replay&&) = delete;
  Replay& operator=(Replay&&) = delete;

  // "" or why the file cannot be replayed.
  std::string Open();

  // Plays to the end or to a signal. The exit code: 0 all of it, 1 but for bad lines or not to the
  // end, 3 the broker refused or went away.
  int Run();

 private:
  [[nodiscard]] std::int64_t NowMs() const;
  // Reads on to the next line that is to be played.
  void ReadNext();
  void Count(const Recording::Line& line);
  // When `next_` is to go out.
  [[nodiscard]] std::int64_t DueMs() const;
  void Play();
  void Wait();
  void Take(const ConnectionEvent& event);
  [[nodiscard]] bool Finished() const;
  [[nodiscard]] int ExitCode() const;
  void PrintSummary() const;

  const ReplayOptions& options_;
  const SessionOptions& session_;
  Statistics statistics_;
  Connection connection_;
  Recording recording_;
  Identity identity_;  // as whom it connects
  std::string of_printer_;
  std::optional<Recorded> next_;
  std::vector<ConnectionEvent> events_;
  int signal_fd_ = -1;
  bool interrupted_ = false;
  bool leaving_ = false;
  std::string lost_;  // why the connection ended too early

  // The recording's time and ours, at the first line that was played.
  std::optional<std::int64_t> first_offset_ms_;
  std::int64_t began_ms_ = 0;
  std::int64_t last_sent_ms_ = 0;

  std::int64_t sent_ = 0;
  std::int64_t requests_ = 0;  // in the file, of this or another printer
  std::int64_t others_ = 0;
  std::int64_t withheld_ = 0;
  std::int64_t bad_ = 0;
};

}  // namespace printfleet::simulator
