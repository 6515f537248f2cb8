// A file of lines that only grows: the ledger of acknowledged reports, the log of received
// requests. Lines are gathered and written with one write(2) a turn of the loop, so that a killed
// simulator has lost one turn at most.
#pragma once

#include <string>
#include <string_view>

namespace printfleet::simulator {

class Journal {
 public:
  Journal() = default;
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  Journal(Journal&&) = delete;
  Journal& operator=(Journal&&) = delete;

  // False, with the reason in errno, when the file cannot be opened for appending.
  bool Open(const std::string& path);

  [[nodiscard]] bool is_open() const { return fd_ >= 0; }

  void Add(std::string_view line);

  // False when the disk refused the bytes; they are kept for the next try.
  bool Flush();

 private:
  int fd_ = -1;
  std::string lines_;
};

}  // namespace printfleet::simulator
