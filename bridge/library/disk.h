// The disk as the library uses it: folders for us alone, files that outlive a power cut.
//
// Errors are kUnavailable with the path and the system's word; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace printfleet::library {

// An open file; -1: none.
class File {
 public:
  File() = default;

  explicit File(int fd) : fd_(fd) {}

  ~File();
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;

  [[nodiscard]] int fd() const { return fd_; }

  void Close();

 private:
  int fd_ = -1;
};

// Mode 0700; there already is fine.
Status MakeFolder(const std::string& path);

// A new file of mode 0600, for writing.
Result<File> CreateFile(const std::string& path);

Status WriteAll(const File& file, std::string_view bytes, const std::string& path);

// Data and metadata are on the disk.
Status Sync(const File& file, const std::string& path);
Status SyncFolder(const std::string& path);

// `to` is replaced.
Status Rename(const std::string& from, const std::string& to);

bool FileExists(const std::string& path);

// False: it was not there.
bool RemoveFile(const std::string& path);

// Bytes that this process may still write; nullopt where the system does not say.
std::optional<int64_t> FreeBytes(const std::string& folder);

struct Found {
  std::string name;
  int64_t size_bytes = 0;
  bool folder = false;
};

// Without "." and "..", symbolic links and the like; in no order.
std::vector<Found> ListFolder(const std::string& path);

}  // namespace printfleet::library
