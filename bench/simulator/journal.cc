#include "bench/simulator/journal.h"

#include <fcntl.h>
#include <unistd.h>

namespace printfleet::simulator {

Journal::~Journal() {
  if (fd_ >= 0) {
    Flush();
    close(fd_);
  }
}

bool Journal::Open(const std::string& path) {
  fd_ = open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  return fd_ >= 0;
}

void Journal::Add(std::string_view line) {
  if (fd_ >= 0) {
    lines_.append(line).append("\n");
  }
}

bool Journal::Flush() {
  while (!lines_.empty()) {
    const ssize_t count = write(fd_, lines_.data(), lines_.size());
    if (count <= 0) {
      return false;
    }
    lines_.erase(0, static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace printfleet::simulator
