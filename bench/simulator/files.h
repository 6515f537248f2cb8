// The files on a printer: its local memory and its USB stick. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/simulator/random.h"

namespace printfleet::simulator {

struct File {
  std::string directory;  // "/" or "/models"
  std::string name;       // bytes, not necessarily UTF-8: FAT sticks carry GBK names
  std::int64_t size_bytes = 0;
  std::int64_t modified_ms = 0;
  bool is_directory = false;
};

class FileStore {
 public:
  // `count` files with ordinary names; with `odd_names` also blanks, brackets, CJK and GBK bytes.
  static FileStore Make(int count, bool odd_names, Random& random);

  [[nodiscard]] std::vector<const File*> List(std::string_view directory) const;
  [[nodiscard]] const File* Find(std::string_view directory, std::string_view name) const;

  // Replaces a file of the same name.
  void Put(File file);

  // False where there is none.
  bool Remove(std::string_view directory, std::string_view name);

 private:
  std::vector<File> files_;
};

// "" and "." are "/"; a trailing slash goes.
std::string NormalDirectory(std::string_view path);

}  // namespace printfleet::simulator
