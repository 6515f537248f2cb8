// The file that `printfleet capture` writes: lines, each on its way to the disk before the next
// message is taken; never half a line. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace printfleet::cli {

class CaptureFile {
 public:
  // Creates it, readable by its owner alone. kConflict: it is there, and `overwrite` is false.
  static Result<CaptureFile> Create(const std::string& path, bool overwrite, uint64_t bytes_max);

  ~CaptureFile();
  CaptureFile(CaptureFile&& other) noexcept;
  CaptureFile& operator=(CaptureFile&&) = delete;
  CaptureFile(const CaptureFile&) = delete;
  CaptureFile& operator=(const CaptureFile&) = delete;

  // Whether a line of so many bytes may still be added.
  [[nodiscard]] bool HasRoom(size_t line_bytes) const {
    return bytes_ + line_bytes + 1 <= bytes_max_;
  }

  // Appends line and newline, or nothing. kUnavailable: the disk refuses it.
  Status Add(std::string line);

  [[nodiscard]] uint64_t bytes() const { return bytes_; }

 private:
  CaptureFile(std::string path, int fd, uint64_t bytes_max)
      : path_(std::move(path)), fd_(fd), bytes_max_(bytes_max) {}

  std::string path_;
  int fd_ = -1;
  uint64_t bytes_max_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace printfleet::cli
