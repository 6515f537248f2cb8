// What Library and Upload share: the accounts of the disk. Included by library.cc and upload.cc.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "base/hasher.h"
#include "library/disk.h"
#include "library/library.h"

namespace printfleet::library {

struct Library::State {
  // Of uploads that have finished with the same content and are not settled.
  struct Open {
    int uploads = 0;
    bool was_new = false;
    bool keep = false;
  };

  std::string root;  // data_dir/library
  settings::Library limits;
  mutable std::mutex mutex;                           // guards all below, and which files are there
  std::map<std::string, int64_t, std::less<>> sizes;  // by sha256
  std::map<std::string, Open, std::less<>> open;
  int64_t bytes_used = 0;
  int64_t bytes_reserved = 0;  // for uploads on their way
  int64_t bytes_arrived = 0;   // of those reserved: on the disk already
  uint64_t uploads_begun = 0;

  [[nodiscard]] std::string FolderOf(std::string_view sha256) const;
  [[nodiscard]] std::string PathOf(std::string_view sha256) const;
  // kUnavailable: no room for so many bytes more. Requires: the mutex is held.
  Status Reserve(int64_t bytes);
  // Requires: the mutex is held.
  bool RemoveFiles(std::string_view sha256);
};

struct Upload::State {
  explicit State(Library::State& shared) : library(shared) {}

  Library::State& library;
  std::string name;
  std::string path;
  File file;
  std::optional<int64_t> announced;
  int64_t reserved = 0;
  int64_t written = 0;
  Hasher md5{Hasher::Algorithm::kMd5};
  Hasher sha256{Hasher::Algorithm::kSha256};
  GcodeReader reader;

  Status Grow(int64_t bytes);
  Status KeepThumbnail(const GcodeFacts& facts, const std::string& path_of_file);
  // Puts the file into its place, or takes the one that is there.
  Status Place(Stored& stored);
  // The file is gone, the room is free again.
  void Drop();
};

}  // namespace printfleet::library
