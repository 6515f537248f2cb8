// `data_dir/stops.log`: what was sent and what was refused while the store was away, one JSON
// object a line, durable before its author is answered; written to the tables when the store is
// back, and then emptied. Loop thread only.
#pragma once

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

  explicit StopsLog(std::string path) : path_(std::move(path)) {}

  // Appends with fsync. A full disk is an Error: the stop has gone out all the same.
  Status AppendStop(std::string_view record_json);
  Status AppendRefusal(std::string_view record_json);

  // What is in the log, in order, as events; a torn last line is left out.
  Result<std::vector<core::Event>> Read();

  // Forgets what was read last: the tables have it. What was appended since stays.
  Status ForgetRead();

 private:
  Status Append(std::string_view kind, std::string_view record_json);

  std::string path_;
  size_t read_bytes_ = 0;
};

}  // namespace printfleet::daemon
