// A spool in a directory of its own, asked and waited for; and what is done to such directories.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "spool/spool.h"

namespace printfleet::spool {

class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A small disk of its own below `folder`; a failed CHECK where it cannot be mounted.
class SmallDisk {
 public:
  SmallDisk(const std::string& folder, int64_t bytes);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  void SetReadOnly(bool read_only) const;
  // Takes all room that is left, and gives it back.
  void Fill() const;
  void Empty() const;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  int64_t bytes_;
};

class Rig {
 public:
  explicit Rig(Config config);

  // Closes the spool as a daemon that ends does.
  void Close() { spool_.reset(); }

  Opened Open();

  Opened Reopen() {
    Close();
    return Open();
  }

  // Ask and wait. The Error of the answer, if it is one.
  Status Keep(std::vector<Item> items, std::optional<int64_t> doubt = std::nullopt);
  Result<Entries> Read(int64_t after, size_t entries_max = 1'000'000,
                       size_t bytes_max = size_t{1} << 30);
  Status Settle(int64_t batch_seq, bool committed);
  // Until that is so of contents() as events change them; false after a while.
  bool WaitUntil(const std::function<bool(const Contents&)>& holds);

  // Forgets it, and waits until the file has less or nothing is left to be removed.
  void Forget(int64_t id);

  // Everything that can be read, in steps.
  std::vector<Entry> ReadAll(size_t step = 1000);

  Spool& spool() { return *spool_; }

  // Events Opened since the last call.
  std::vector<Opened> TakeOpened();

 private:
  // The next event; nullopt after a while.
  std::optional<Event> Next();

  Config config_;
  std::unique_ptr<Spool> spool_;
  std::deque<Event> events_;
  std::vector<Opened> opened_;
  uint64_t ticket_ = 0;
};

core::Message Report(const std::string& topic, const std::string& payload);
// Of numbers from..to-1: payload "<number>" and some filling.
std::vector<Item> Reports(int from, int to, size_t filling = 400);
// The numbers back; -1 for anything that is not whole.
std::vector<int> NumbersOf(const std::vector<Entry>& entries);

std::vector<std::string> FilesIn(const std::string& directory);
int64_t SizeOf(const std::string& path);
void WriteBytes(const std::string& path, int64_t at, const std::string& bytes);
void CopyFiles(const std::string& from, const std::string& to);

}  // namespace printfleet::spool
