// One file to PUT /library/<name>, by libcurl. Blocking; one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"

namespace printfleet::cli {

struct UploadTarget {
  std::string url;      // http://host:port
  std::string key;      // of the API
  std::string ca_file;  // empty: the system's
};

struct Uploaded {
  int status = 0;  // of HTTP
  std::string body;
  bool interrupted = false;  // by SIGINT, SIGTERM or SIGHUP; nothing stays at the server
};

using OnProgress = std::function<void(int64_t sent, int64_t size)>;

// Signals are blocked while it runs, and end it. kInvalid: the file cannot be read; kUnavailable:
// nobody there, or the connection broke.
Result<Uploaded> UploadFile(const UploadTarget& target, const std::string& file,
                            const OnProgress& on_progress);

}  // namespace printfleet::cli
