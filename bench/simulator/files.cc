#include "bench/simulator/files.h"

#include <algorithm>
#include <array>
#include <utility>

namespace printfleet::simulator {
namespace {

constexpr std::array<const char*, 6> kStems = {"benchy",  "clip",    "bracket_v2",
                                               "gridfin", "housing", "spool_holder"};
constexpr std::array<const char*, 5> kOddNames = {
    "0829-2148-\xe7\x9b\x92\xe4\xbd\x93(01)_PLA_0.2_1h27m22s.gcode",
    "0829-1957-[Small] 180L x 42W x 20H in mm(01).gcode", "rice+rinser_plate_1(2).gcode",
    "\xba\xd0\xcc\xe5.gcode",  // GBK, not UTF-8
    "quote\"back\\slash.gcode"};

// 2024-01-14T00:00:00Z: older than any test, so that lists look alike on every run.
constexpr std::int64_t kOldestMs = 1705190400000;

}  // namespace

FileStore FileStore::Make(int count, bool odd_names, Random& random) {
  FileStore store;
  for (int i = 0; i < count; ++i) {
    std::string name = kStems[static_cast<std::size_t>(i) % kStems.size()];
    if (i >= static_cast<int>(kStems.size())) {
      name += "_" + std::to_string(i);
    }
    store.files_.push_back({"/", name + ".gcode", random.Between(50'000, 9'000'000),
                            kOldestMs + random.Between(0, 86'400'000), false});
  }
  if (odd_names) {
    for (const char* name : kOddNames) {
      store.files_.push_back({"/", name, random.Between(50'000, 9'000'000), kOldestMs, false});
    }
    store.files_.push_back({"/", "models", 0, kOldestMs, true});
    store.files_.push_back({"/models", "inner.gcode", 4096, kOldestMs, false});
  }
  return store;
}

std::vector<const File*> FileStore::List(std::string_view directory) const {
  const std::string wanted = NormalDirectory(directory);
  std::vector<const File*> found;
  for (const File& file : files_) {
    if (file.directory == wanted) {
      found.push_back(&file);
    }
  }
  return found;
}

const File* FileStore::Find(std::string_view directory, std::string_view name) const {
  const std::string wanted = NormalDirectory(directory);
  for (const File& file : files_) {
    if (file.directory == wanted && file.name == name && !file.is_directory) {
      return &file;
    }
  }
  return nullptr;
}

void FileStore::Put(File file) {
  file.directory = NormalDirectory(file.directory);
  Remove(file.directory, file.name);
  files_.push_back(std::move(file));
}

bool FileStore::Remove(std::string_view directory, std::string_view name) {
  const std::string wanted = NormalDirectory(directory);
  const auto at = std::find_if(files_.begin(), files_.end(), [&](const File& file) {
    return file.directory == wanted && file.name == name && !file.is_directory;
  });
  if (at == files_.end()) {
    return false;
  }
  files_.erase(at);
  return true;
}

std::string NormalDirectory(std::string_view path) {
  while (!path.empty() && path.back() == '/') {
    path.remove_suffix(1);
  }
  if (path.empty() || path == ".") {
    return "/";
  }
  return path.front() == '/' ? std::string(path) : "/" + std::string(path);
}

}  // namespace printfleet::simulator
