// Traffic: what the HTTP server has moved, for metrics. Counted by its threads, read by any.
#pragma once

#include <atomic>
#include <cstdint>

namespace printfleet::http {

struct Traffic {
  // Now.
  std::atomic<int64_t> downloads_active{0};
  std::atomic<int64_t> uploads_active{0};
  // Since the start.
  std::atomic<int64_t> downloads{0};         // answered with bytes of a file
  std::atomic<int64_t> downloads_broken{0};  // the client went, or took nothing for too long
  std::atomic<int64_t> uploads{0};           // taken
  std::atomic<int64_t> bytes_sent{0};        // of files
  std::atomic<int64_t> bytes_received{0};    // of files, also of those refused later
  // Uploads refused, and downloads: busy and key.
  std::atomic<int64_t> refused_busy{0};       // 503
  std::atomic<int64_t> refused_key{0};        // 401, 403
  std::atomic<int64_t> refused_too_large{0};  // 413
  std::atomic<int64_t> refused_type{0};       // 415
  std::atomic<int64_t> refused_full{0};       // 507
  std::atomic<int64_t> refused_other{0};      // 4xx, 5xx
};

// Counts an answer to an upload that was let in.
void CountUploadAnswer(Traffic& traffic, int status);

}  // namespace printfleet::http
