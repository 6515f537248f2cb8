// The ballast: a file that does nothing but take up room, so that there is some when the disk is
// full and a stop has to be kept. Spool's thread.
#pragma once

#include <cstdint>
#include <string>

namespace printfleet::spool {

class Ballast {
 public:
  // `bytes` 0: none is wanted.
  Ballast(std::string path, int64_t bytes) : path_(std::move(path)), bytes_(bytes) {}

  // Is it there, in full?
  [[nodiscard]] bool there() const { return there_; }

  // Looks, and makes it where there is room for it, and for as much again beside it: what was just
  // taken from somebody on a full disk would fill it again. True when it is there.
  bool Make();

  // Gives its room to the others. False when there was none.
  bool Release();

  // Room on the disk beside the ballast, as much as that again.
  [[nodiscard]] bool RoomBeside() const;

 private:
  [[nodiscard]] bool IsWhole() const;

  std::string path_;
  int64_t bytes_;
  bool there_ = false;
  bool told_ = false;  // that it cannot be made
};

}  // namespace printfleet::spool
