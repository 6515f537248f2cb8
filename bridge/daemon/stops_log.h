// `data_dir/stops.log`: what was sent and what was refused while the store was away, one JSON
// object a line, durable before its author is answered; written to the tables when the store is
// back, and then emptied. Loop thread only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/event.h"

namespace printfleet::daemon {

class StopsLog {
 public:
  // Bytes the log may have; refusals are no longer kept beyond a tenth of it, stops always.
  static constexpr int64_t kBytesMax = int64_t{64} << 20;
  // Blocks of the disk that the log has before it needs them: for stops while the disk is full.
  static constexpr int64_t kReserveBytes = int64_t{1} << 20;
  // Bytes of stops that could not be appended and are kept in memory instead.
  static constexpr size_t kUnwrittenBytesMax = size_t{16} << 20;

  // What the tables do not have yet.
  struct Waiting {
    size_t records = 0;
    WallTime oldest_at;  // of records that an earlier process left: when the last one came
  };

  explicit StopsLog(std::string path);

  // Appends with fsync. On a disk that is full and has used up the reserve it is an Error: the stop
  // has gone out all the same, and is kept as long as this process lives.
  Status AppendStop(std::string_view record_json);
  Status AppendRefusal(std::string_view record_json);

  // What is in the log, in order, as events; a torn last line is left out.
  Result<std::vector<core::Event>> Read();

  // Forgets what was read last: the tables have it. What was appended since stays.
  Status ForgetRead();

  [[nodiscard]] const Waiting& waiting() const { return waiting_; }

 private:
  Status Append(std::string_view kind, std::string_view record_json);
  void Reserve();
  void Count(std::string_view text);
  void NoteOneMore();

  std::string path_;
  size_t read_bytes_ = 0;
  std::vector<std::string> unwritten_;  // records of stops, oldest first
  size_t unwritten_bytes_ = 0;
  size_t read_unwritten_ = 0;
  Waiting waiting_;
  std::optional<WallTime> since_read_;  // when the first record came that Read() has not seen
};

}  // namespace printfleet::daemon
