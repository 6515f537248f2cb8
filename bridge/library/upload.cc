#include <algorithm>
#include <utility>

#include "library/library_state.h"

namespace printfleet::library {
namespace {

// Room is asked for in such steps where no size was announced.
constexpr int64_t kStepBytes = 4 << 20;

}  // namespace

Upload::Upload(std::unique_ptr<State> state) : state_(std::move(state)) {}

Upload::Upload(Upload&&) noexcept = default;

Upload::~Upload() {
  if (state_ != nullptr) {
    state_->Drop();
  }
}

void Upload::State::Drop() {
  file.Close();
  if (!path.empty()) {
    RemoveFile(std::exchange(path, ""));
  }
  const std::lock_guard lock(library.mutex);
  library.bytes_reserved -= std::exchange(reserved, 0);
  library.bytes_arrived -= std::exchange(written, 0);
}

Status Upload::State::Grow(int64_t bytes) {
  const std::lock_guard lock(library.mutex);
  const int64_t missing = written + bytes - reserved;
  if (missing > 0) {
    const int64_t step = std::max(missing, kStepBytes);
    if (library.Reserve(step).ok()) {
      reserved += step;
    } else if (auto room = library.Reserve(missing); !room.ok()) {
      return room;
    } else {
      reserved += missing;
    }
  }
  written += bytes;
  library.bytes_arrived += bytes;
  return Ok{};
}

Status Upload::Write(std::string_view bytes) {
  State& self = *state_;
  const auto size = static_cast<int64_t>(bytes.size());
  const int64_t max = self.library.limits.file_bytes_max;
  if (size > max - self.written) {
    return Error{Errc::kRejected, self.name + ": is above library.file_bytes_max, " +
                                      std::to_string(max) + " bytes"};
  }
  if (self.announced && size > *self.announced - self.written) {
    return Error{Errc::kRejected, self.name + ": is longer than was announced"};
  }
  self.reader.Add(bytes);
  if (self.reader.mistake()) {
    return Error{Errc::kMalformed, self.name + ": " + *self.reader.mistake()};
  }
  if (auto room = self.Grow(size); !room.ok()) {
    return room;
  }
  self.md5.Add(bytes);
  self.sha256.Add(bytes);
  if (auto written = WriteAll(self.file, bytes, self.path); !written.ok()) {
    return written.error().Within("full");
  }
  return Ok{};
}

Status Upload::State::KeepThumbnail(const GcodeFacts& facts, const std::string& path_of_file) {
  if (facts.thumbnail.empty()) {
    return Ok{};
  }
  const std::string picture =
      path_of_file + (facts.thumbnail_type == "image/png" ? ".png" : ".jpg");
  const std::string draft = path + ".picture";
  auto created = CreateFile(draft);
  if (!created.ok()) {
    return created.error();
  }
  Status kept = WriteAll(*created, facts.thumbnail, draft);
  if (kept.ok()) {
    kept = Sync(*created, draft);
  }
  if (kept.ok()) {
    kept = Rename(draft, picture);
  }
  if (!kept.ok()) {
    RemoveFile(draft);
  }
  return kept;
}

// Under the mutex: no other upload, and no Remove, comes between the look and the deed.
Status Upload::State::Place(Stored& stored) {
  const std::lock_guard lock(library.mutex);
  stored.known = library.sizes.contains(stored.sha256);
  if (!stored.known) {
    const std::string folder = library.FolderOf(stored.sha256);
    const std::string target = library.PathOf(stored.sha256);
    Status placed = MakeFolder(folder);
    if (placed.ok()) {
      placed = KeepThumbnail(stored.facts, target);
    }
    if (placed.ok()) {
      placed = Rename(path, target);
    }
    if (placed.ok()) {
      path.clear();
      library.sizes.emplace(stored.sha256, stored.size_bytes);
      library.bytes_used += stored.size_bytes;
      placed = SyncFolder(folder);
    }
    if (placed.ok()) {
      placed = SyncFolder(library.root);
    }
    if (!placed.ok()) {
      library.RemoveFiles(stored.sha256);
      return placed;
    }
  }
  Library::State::Open& open = library.open[stored.sha256];
  ++open.uploads;
  open.was_new = open.was_new || !stored.known;
  return Ok{};
}

Result<Stored> Upload::Finish() {
  State& self = *state_;
  if (self.announced && self.written != *self.announced) {
    return Error{Errc::kInvalid, self.name + ": ended after " + std::to_string(self.written) +
                                     " of " + std::to_string(*self.announced) + " bytes"};
  }
  Stored stored;
  stored.facts = self.reader.Finish();
  if (self.reader.mistake()) {
    return Error{Errc::kMalformed, self.name + ": " + *self.reader.mistake()};
  }
  stored.name = self.name;
  stored.md5 = self.md5.Finish();
  stored.sha256 = self.sha256.Finish();
  stored.size_bytes = self.written;
  if (auto synced = Sync(self.file, self.path); !synced.ok()) {
    return synced.error().Within("full");
  }
  if (auto placed = self.Place(stored); !placed.ok()) {
    return placed.error().Within("full");
  }
  self.Drop();
  return stored;
}

}  // namespace printfleet::library
